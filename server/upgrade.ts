import { DenoSocket } from "../adapters/socket_deno.ts";
import type { Hub } from "../hub/hub.ts";
import {
  CloseCode,
  type MessageMap,
  PROTOCOL,
  type RequestMap,
} from "../messages.ts";
import { plainText } from "./answers.ts";

/** The runtime pings a silent plain peer halfway and ends it after this many seconds. */
const PLAIN_IDLE_SECONDS = 30;

/** Any version of Drumbeat's subprotocol. */
const SOME_VERSION = /^drumbeat\.v\d+$/;

/**
 * Upgrades a request to a WebSocket in the hub. The dialect follows from the subprotocols that the client offers:
 * `drumbeat.v1`, or none of ours for the plain one. A client that knows other versions only is closed with 4506.
 *
 * @param request the upgrade request. It is dead afterwards.
 * @param address the other side's address.
 * @param hub where the connection goes.
 * @returns 101, or a refusal in plain text: 400 or 426 for a handshake that is none, 503 when the hub is full.
 */
export function upgrade<M extends MessageMap, R extends RequestMap>(
  request: Request,
  address: string,
  hub: Hub<M, R>,
): Response {
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
  const known = offered.includes(PROTOCOL);
  const protocol = known
    ? PROTOCOL
    : offered.find((name) => SOME_VERSION.test(name)) ?? "";
  const info = { protocol, url: request.url, address };
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = Deno.upgradeWebSocket(request, {
      ...(protocol === "" ? {} : { protocol }),
      // The hub's own heartbeat watches over drumbeat.v1; a second timer would be re-armed by each message.
      idleTimeout: protocol === "" ? PLAIN_IDLE_SECONDS : 0,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : "malformed";
    return plainText(400, `Not a WebSocket handshake: ${why}`);
  }
  const { socket, response } = upgraded;
  new DenoSocket(socket, (port) => {
    if (protocol === "" || known) return hub.attach(port, info);
    port.close(CloseCode.version, `This server speaks ${PROTOCOL}`);
    return { receive() {}, closed() {} };
  });
  return response;
}
