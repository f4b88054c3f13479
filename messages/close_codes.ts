/**
 * Close codes and what a client does about them.
 *
 * 1000–1015 are RFC 6455 section 7.4.1; 4000–4999 are Drumbeat's own (docs/protocol.md, "Close codes"): 4000–4499 mean
 * "come back", 4500–4999 mean "do not".
 * @module
 */

/** The close codes Drumbeat sends or gives a meaning to. */
export const CloseCode = {
  /** Either side is done. */
  normal: 1000,
  /** The server, or the page, is going away. */
  goingAway: 1001,
  /** No close frame was seen: the network. Never sent; Deno reports 0, which is normalised to this. */
  abnormal: 1006,
  /** A frame above `limits.message`. */
  tooBig: 1009,
  /** The server restarts. */
  restart: 1012,
  /** The server is overloaded: try again later. */
  tryLater: 1013,
  /** A client drops this connection and opens another one: its session goes on. */
  replaced: 4000,
  /** No sign of life within the heartbeat timeout. */
  silent: 4001,
  /** The peer does not take in what it is sent. */
  lagging: 4002,
  /** The connection brought a batch at an offset that was not expected: come back and resume. */
  outOfStep: 4003,
  /** Above the rate limit. */
  rateLimited: 4029,
  /** No hello in time; on the client: no connection, or no start, in time. */
  helloTimeout: 4408,
  /** Not the protocol: malformed JSON, no hello first, impossible `frames`. */
  protocol: 4500,
  /** Not authenticated. */
  unauthenticated: 4501,
  /** Not allowed. */
  forbidden: 4503,
  /** This session was resumed by another connection. */
  superseded: 4505,
  /** No version of the protocol in common. */
  version: 4506,
} as const;

/**
 * Whether a client should reconnect after a connection ended with this code.
 *
 * 1000, 1002, 1003, 1007–1010 and 4500–4999 stay away; every other code, 0 and 1006 included, comes back.
 *
 * @param code the code of the `close` event.
 * @returns `true`: reconnect; `false`: stay away.
 * @example
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { CloseCode, shouldReconnect } from "./close_codes.ts";
 *
 * assert(shouldReconnect(CloseCode.abnormal));
 * assertFalse(shouldReconnect(CloseCode.protocol));
 * ```
 */
export function shouldReconnect(code: number): boolean {
  if (code === 1000 || code === 1002 || code === 1003) return false;
  if (code >= 1007 && code <= 1010) return false;
  return code < 4500 || code > 4999;
}
