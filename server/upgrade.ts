import { DenoSocket } from "../adapters/socket_deno.ts";
import type { Hub } from "../hub/hub.ts";
import type { Inbound, Socket } from "../hub/socket.ts";
import {
  CloseCode,
  type MessageMap,
  PROTOCOL,
  type RequestMap,
} from "../messages.ts";
import { type AdmissionRules, admit } from "./admission/admission.ts";
import { plainText } from "./responses.ts";

/** The runtime pings an idle plain peer after half of this time and closes it after all of it, in seconds. */
const PLAIN_IDLE_SECONDS = 30;

/** The time in which an upgraded WebSocket has to open, in ms. */
const OPEN_MS = 10_000;

const UNOPENED =
  `A WebSocket did not open within ${OPEN_MS} ms after its upgrade: pass on the request that the server received, not a copy, and return its response. For a prefix there is the option 'path'`;

/** A handshake that was admitted, for the transport to open. */
export interface Opening {
  /** The subprotocol to answer with; `""` for none. */
  readonly protocol: string;
  /** `true` for the plain dialect, whose heartbeat is the transport's. */
  readonly isPlain: boolean;
  /** Reports that the WebSocket did not open. */
  unopened(): void;
  /** Attaches the open WebSocket to the hub. The transport calls it once. */
  attach(socket: Socket): Inbound;
}

/** Opens the WebSocket of a request, or refuses an invalid handshake. The request may not be readable afterwards. */
export type Accept = (request: Request, opening: Opening) => Response;

/**
 * Upgrades a request to a WebSocket of the hub. A client that offers only other versions of the protocol is closed with
 * 4506.
 *
 * @param request the upgrade request. It may not be readable afterwards.
 * @param remote the address of the other side.
 * @param to the hub, the rules of admission, and the transport.
 * @returns 101, or a refusal in plain text: those of {@linkcode admit}, and 400 for an invalid handshake.
 */
export async function upgrade<M extends MessageMap, R extends RequestMap>(
  request: Request,
  remote: string,
  to: {
    readonly hub: Hub<M, R>;
    readonly rules: AdmissionRules;
    readonly accept: Accept;
  },
): Promise<Response> {
  const { hub, rules, accept } = to;
  const admission = await admit(request, remote, hub.transport, rules);
  if (admission instanceof Response) return admission;
  const { connection, subprotocol, isSupported, ticket } = admission;
  const { address } = connection;
  return accept(request, {
    protocol: subprotocol,
    isPlain: connection.protocol === "",
    unopened: () => hub.transport.report(new Error(UNOPENED), "receive"),
    attach(socket) {
      if (isSupported) return hub.transport.attach(socket, connection, ticket);
      const reason = `Unsupported version: use ${PROTOCOL}`;
      const code = CloseCode.version;
      return hub.transport.reject(socket, { address, code, reason });
    },
  });
}

/** Opens a WebSocket with `Deno.upgradeWebSocket`. */
export const acceptWithDeno: Accept = (
  request,
  { protocol, isPlain, attach, unopened },
) => {
  try {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      // The hub's heartbeat watches drumbeat.v1; the runtime's would re-arm a second timer with each message.
      idleTimeout: isPlain ? PLAIN_IDLE_SECONDS : 0,
    });
    // The runtime's own option cannot read a list without spaces, such as "a,b" (RFC 9110 section 5.6.1).
    if (protocol !== "") {
      response.headers.set("sec-websocket-protocol", protocol);
    }
    const timer = setTimeout(() => {
      if (socket.readyState === WebSocket.CONNECTING) unopened();
    }, OPEN_MS);
    Deno.unrefTimer(timer);
    new DenoSocket(socket, (port) => {
      clearTimeout(timer);
      return attach(port);
    });
    return response;
  } catch (error) {
    const why = error instanceof Error ? error.message : "malformed";
    return plainText(400, `Invalid WebSocket handshake: ${why}`);
  }
};
