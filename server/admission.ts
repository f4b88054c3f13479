import type { ConnectionInfo } from "../hub/socket.ts";
import { PROTOCOL } from "../messages.ts";
import { plainText } from "./answers.ts";

/** A handshake that may go on. */
export interface Admission {
  /** What the hub is told of the connection; its `protocol` is the one to answer with, `""`: none. */
  readonly info: ConnectionInfo;
  /** Whether the hub speaks that protocol. If not: close with 4506, once it is open. */
  readonly isKnown: boolean;
}

/** What decides whether there is room. */
interface Room {
  /** Whether one more connection may come. */
  readonly hasRoom: boolean;
}

/** Any version of Drumbeat's subprotocol. */
const SOME_VERSION = /^drumbeat\.v\d+$/;

/**
 * Decides whether a WebSocket handshake may go on, whatever the transport.
 *
 * The dialect follows from the subprotocols that the client offers: `drumbeat.v1`, or none of ours for the plain one.
 *
 * @param request the upgrade request.
 * @param remote the other side's address, without the port.
 * @param hub where the connection is to go.
 * @returns what to upgrade to, or the refusal in plain text: 400 or 426 for a handshake that is none, 503 when the hub is
 * full.
 */
export function admit(
  request: Request,
  remote: string,
  hub: Room,
): Admission | Response {
  if (!hub.hasRoom) {
    return plainText(503, "The hub is full", { "retry-after": "5" });
  }
  // The runtime takes any version and an empty key: RFC 6455 sections 4.2.1 and 4.4.
  if (request.headers.get("sec-websocket-version") !== "13") {
    return plainText(426, "Only version 13 of the WebSocket protocol", {
      "sec-websocket-version": "13",
    });
  }
  if (request.headers.get("sec-websocket-key") === "") {
    return plainText(400, "Not a WebSocket handshake: the key is empty");
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",").map((name) => name.trim());
  const isV1 = offered.includes(PROTOCOL);
  const protocol = isV1
    ? PROTOCOL
    : offered.find((name) => SOME_VERSION.test(name)) ?? "";
  return {
    info: { protocol, url: request.url, address: remote },
    isKnown: isV1 || protocol === "",
  };
}
