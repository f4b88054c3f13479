import type { ConnectionInfo } from "./socket.ts";

/** Which of the two dialects of docs/protocol.md a peer speaks. */
export type DialectName = "plain" | "drumbeat.v1";

/** How a peer left. */
export interface PeerClose {
  /** The close code; 1006 where none was seen. */
  readonly code: number;
  /** The reason that came, or was sent, with it. */
  readonly reason: string;
}

/** One connected peer, as the program that owns the hub sees it. */
export interface Peer {
  /** Its public id: the `from` of what it publishes. The same after a resume. */
  readonly id: string;
  /** The dialect it speaks. */
  readonly dialect: DialectName;
  /** Who connected, as the transport knows it. */
  readonly info: ConnectionInfo;
  /** Whose connection it is, as `authorize` said it; `undefined`: it did not say, or was not asked. */
  readonly user: string | undefined;
  /** The `data` that `authorize` gave with it. */
  readonly auth: unknown;
  /** Whether it came back with a session that was still alive. */
  readonly resumed: boolean;
  /** The names of the topics it is in. */
  readonly topics: Iterable<string>;
  /** A place for the program's own notes on this connection. */
  state: unknown;
  /**
   * Sends a message to this peer alone, through a log of its own: in order, and resumed after a cut like any other.
   *
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset in the peer's log, once it is committed. A rejection that nobody looks at does not end
   * the process.
   * @throws {DrumbeatError} (as a rejection) when it is refused.
   */
  send(
    message:
      | { readonly type: string; readonly [field: string]: unknown }
      | Uint8Array<ArrayBuffer>,
  ): Promise<number>;
  /**
   * Ends the connection. It has left when this returns, whatever the other side does. Idempotent.
   *
   * @param code 1000, 1001, 1008, 1011–1013 or 3000–4999. Default: 1000.
   * @param reason at most 123 bytes of UTF-8. Default: none.
   * @throws {RangeError} when one of them may not be sent (RFC 6455 section 7.4).
   */
  close(code?: number, reason?: string): void;
}
