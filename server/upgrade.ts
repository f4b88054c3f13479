import { DenoSocket } from "../adapters/socket_deno.ts";
import type { Hub } from "../hub/hub.ts";
import type { Inbound, Socket } from "../hub/socket.ts";
import {
  CloseCode,
  type MessageMap,
  PROTOCOL,
  type RequestMap,
} from "../messages.ts";
import { type AdmissionRules, admit } from "./admission.ts";
import { plainText } from "./responses.ts";

/** The runtime pings a silent plain peer halfway and ends it after this many seconds. */
const PLAIN_IDLE_SECONDS = 30;

/** A handshake that was let in: what the transport makes of it. */
export interface Opening {
  /** The subprotocol to answer with; `""`: none. */
  readonly protocol: string;
  /** To be called once, when the WebSocket is open. */
  attach(socket: Socket): Inbound;
}

/** Opens the WebSocket that a request asks for; or refuses what is no handshake. The request is dead afterwards. */
export type Accept = (request: Request, opening: Opening) => Response;

/**
 * Upgrades a request to a WebSocket in the hub. A client that knows other versions of the protocol only is closed with
 * 4506.
 *
 * @param request the upgrade request. It is dead afterwards.
 * @param remote the other side's address.
 * @param to where the connection goes, who gets in, and how the transport opens a WebSocket.
 * @returns 101, or a refusal in plain text: {@linkcode admit} has them all, and 400 for a handshake that is none.
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
  const admission = await admit(request, remote, hub, rules);
  if (admission instanceof Response) return admission;
  const { info, isKnown, ticket } = admission;
  return accept(request, {
    protocol: info.protocol,
    attach(socket) {
      if (isKnown) return hub.attach(socket, info, ticket);
      const reason = `This server speaks ${PROTOCOL}`;
      return hub.reject(socket, CloseCode.version, reason);
    },
  });
}

/** Opens a WebSocket with `Deno.upgradeWebSocket`. */
export const acceptWithDeno: Accept = (request, { protocol, attach }) => {
  try {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      ...(protocol === "" ? {} : { protocol }),
      // The hub's own heartbeat watches over drumbeat.v1; a second timer would be re-armed by each message.
      idleTimeout: protocol === "" ? PLAIN_IDLE_SECONDS : 0,
    });
    new DenoSocket(socket, attach);
    return response;
  } catch (error) {
    const why = error instanceof Error ? error.message : "malformed";
    return plainText(400, `Not a WebSocket handshake: ${why}`);
  }
};
