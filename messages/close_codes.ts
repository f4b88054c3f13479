/**
 * Close codes, and the rule by which a client decides whether to reconnect.
 *
 * Codes from 1000 to 1015 are defined by RFC 6455 section 7.4.1 and the IANA registry "WebSocket Close Code Number"; codes
 * from 4000 to 4999 are private use (section 7.4.2). Of these, Drumbeat defines 4000 to 4499 as "reconnect" and 4500 to 4999
 * as "stay closed". docs/protocol.md, "Close codes", lists them.
 *
 * @module
 */

/** The close codes that Drumbeat sends, or receives with a meaning of its own. */
export const CloseCode = {
  /** Normal close by either side (RFC 6455 section 7.4.1). */
  normal: 1000,
  /** The page was closed, or the server ends (RFC 6455 section 7.4.1). */
  goingAway: 1001,
  /** No close frame was received: a network failure. Never sent (RFC 6455 section 7.1.5). Deno reports 0 instead. */
  abnormal: 1006,
  /** The message is larger than `limits.messageBytes` (RFC 6455 section 7.4.1). */
  tooBig: 1009,
  /** The server restarts (IANA registry). */
  restart: 1012,
  /** The server is overloaded: the client retries later (IANA registry). */
  tryLater: 1013,
  /** From the client: it replaces this connection by a new one. The session continues. */
  replaced: 4000,
  /** No frame within the heartbeat's timeout. */
  heartbeatTimeout: 4001,
  /** The peer is not reading. */
  slowReader: 4002,
  /** From the client: a batch had an unexpected offset. The client reconnects and resumes from its last position. */
  unexpectedOffset: 4003,
  /** From the client: the browser keeps its page for the Back button. The session continues if the page returns. */
  pageKept: 4004,
  /** The peer exceeded a rate limit, or its user has too many connections. */
  rateLimited: 4029,
  /** No hello in time. The client reports this code if its connection or the `start` took too long. */
  helloTimeout: 4408,
  /** Protocol violation: malformed JSON, a first frame that is not a hello, impossible `frames`. */
  protocol: 4500,
  /** The token is missing, not valid, or expired without a new one. */
  unauthenticated: 4501,
  /** The user may not connect. */
  forbidden: 4503,
  /** Another connection resumed this session. */
  superseded: 4505,
  /** No version of the protocol in common. */
  version: 4506,
} as const;

/**
 * Returns true if a client reconnects after a connection ended with this code: after every code except 1000, 1002, 1003,
 * 1007 to 1010 and 4500 to 4999.
 *
 * @param code the code of the `close` event. Deno reports 0 for 1006.
 * @returns true to reconnect, false to stay closed.
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

/**
 * Returns `true` for a code that an endpoint may send in a close frame (RFC 6455 section 7.4): 1000 to 1014 except 1004,
 * 1005 and 1006, and 3000 to 4999.
 *
 * @param code the code of a close frame.
 */
export function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return code >= 3000 && code <= 4999 ||
    code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}
