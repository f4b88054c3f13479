import { DenoSocket } from "../adapters/socket_deno.ts";
import type { Hub } from "../hub/hub.ts";
import {
  CloseCode,
  type MessageMap,
  PROTOCOL,
  type RequestMap,
} from "../messages.ts";
import { type AdmissionRules, admit } from "./admission.ts";
import { plainText } from "./answers.ts";

/** The runtime pings a silent plain peer halfway and ends it after this many seconds. */
const PLAIN_IDLE_SECONDS = 30;

/**
 * Upgrades a request to a WebSocket in the hub. A client that knows other versions of the protocol only is closed with
 * 4506.
 *
 * @param request the upgrade request. It is dead afterwards.
 * @param remote the other side's address.
 * @param hub where the connection goes.
 * @param rules who gets in.
 * @returns 101, or a refusal in plain text: {@linkcode admit} has them all, and 400 for a handshake that is none.
 */
export function upgrade<M extends MessageMap, R extends RequestMap>(
  request: Request,
  remote: string,
  hub: Hub<M, R>,
  rules: AdmissionRules,
): Response {
  const admission = admit(request, remote, hub, rules);
  if (admission instanceof Response) return admission;
  const { info, isKnown } = admission;
  const { protocol } = info;
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
    if (isKnown) return hub.attach(port, info);
    port.close(CloseCode.version, `This server speaks ${PROTOCOL}`);
    return { receive() {}, closed() {} };
  });
  return response;
}
