import type { Allow } from "./allow.ts";
import type { DialectName, Peer } from "../peer.ts";
import type { Handshake } from "../socket.ts";

/**
 * The request that {@linkcode Authorize} decides about. Its fields are copies: the HTTP request cannot be read after the
 * upgrade. A renewal has the token and no other field of the handshake.
 */
export interface AuthorizeRequest extends Handshake {
  /** The client's token: from its hello, from a renewal, or from a subprotocol. */
  readonly token?: string;
  /** The dialect of the connection. */
  readonly dialect: DialectName;
  /** The URL of the HTTP request. */
  readonly url: string;
  /** The client's address, without the port. */
  readonly address: string;
  /** The peer that renews its token; absent for a new connection. */
  readonly peer?: Peer;
  /** Aborts when the hub no longer waits for the result. */
  readonly signal: AbortSignal;
}

/**
 * The rights of a connection.
 *
 * @typeParam Auth the type of `auth`.
 */
export interface Grant<Auth = unknown> {
  /**
   * The user of the connection: 1 to 255 UTF-16 units. Sessions belong to the user, and `limits.peersPerUser` counts its
   * connections.
   *
   * @default none
   */
  readonly user?: string;
  /**
   * The program's data about the connection: `peer.auth`.
   *
   * @default undefined
   */
  readonly auth?: Auth;
  /**
   * The end of the grant, in ms since 1970; then the hub closes the connection with 4501.
   *
   * @default never
   */
  readonly expiresAt?: number;
  /**
   * The topics that the peer may use, among those that the hub's own `allow` allows.
   *
   * @default all
   */
  readonly allow?: Allow;
}

/**
 * Decides about a connection: once when it opens, and again for each new token.
 *
 * An exception, a rejection, a result of another shape, or no result within `limits.authorizeMs` is reported to `onError`
 * and refuses the connection, so that the client retries later (1013, or HTTP 503).
 *
 * @typeParam Auth the type of the grant's `auth`.
 * @returns the grant; `"unauthenticated"` for missing or wrong credentials (4501, or HTTP 401); `"forbidden"` for a client
 * that may not connect (4503, or HTTP 403).
 */
export type Authorize<Auth = unknown> = (
  request: AuthorizeRequest,
) =>
  | Grant<Auth>
  | "unauthenticated"
  | "forbidden"
  | Promise<Grant<Auth> | "unauthenticated" | "forbidden">;
