import type { Allow } from "./allow.ts";
import type { DialectName, Peer } from "../peer.ts";
import type { Handshake } from "../socket.ts";

/**
 * What {@linkcode Authorize} is asked with: copies, for the request itself is gone after the upgrade. At a renewal there
 * is the token, and nothing else of a handshake.
 */
export interface AuthorizeRequest extends Handshake {
  /** The token that the client gave: in its hello, to renew one, or as a subprotocol. */
  readonly token?: string;
  /** The dialect that is to be spoken. */
  readonly dialect: DialectName;
  /** The URL of the request. */
  readonly url: string;
  /** The other side's address, without the port. */
  readonly address: string;
  /** At a renewal: who asks. */
  readonly peer?: Peer;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Who a peer is, and what it may. */
export interface Grant {
  /** Whose connection it is: 1 to 255 UTF-16 units. Sessions belong to it, and `limits.peersPerUser` counts it. */
  readonly user?: string;
  /** What the program wants to know of the peer later: `peer.auth`. */
  readonly data?: unknown;
  /** Until when this holds, in ms since 1970; then the connection is closed with 4501. Default: for ever. */
  readonly expiresAt?: number;
  /** The topics that the peer may use, of those that the hub's own `allow` lets it use. Default: all. */
  readonly allow?: Allow;
}

/**
 * Says who connects. It is asked once for each connection, and again when the client sends a new token.
 *
 * @returns who it is; `"unauthenticated"`: nobody that is known (4501, or HTTP 401); `"forbidden"`: somebody who may not
 * come (4503, or HTTP 403). Whatever else it does, nobody gets in: an exception, a rejection, no answer within
 * `limits.authorizeMs` and an answer that is none go to `onError`, and the client comes back later (1013, or HTTP 503).
 */
export type Authorize = (
  request: AuthorizeRequest,
) =>
  | Grant
  | "unauthenticated"
  | "forbidden"
  | Promise<Grant | "unauthenticated" | "forbidden">;
