import type { AnyMessages, MessageInput, MessageMap } from "../messages.ts";
import type { ConnectionInfo } from "./socket.ts";

/** The dialect of docs/protocol.md that a peer uses. */
export type DialectName = "plain" | "drumbeat.v1";

/** The close of a peer's connection. */
export interface PeerClose {
  /** The close code; 1006 if the connection ended without one. */
  readonly code: number;
  /** The close reason that the hub received or sent. */
  readonly reason: string;
}

/**
 * A connected peer, for the program that owns the hub.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returned.
 * @typeParam State the program's own data.
 */
export interface Peer<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> {
  /** The public id: the `from` of the peer's records. A resume keeps it. */
  readonly id: string;
  /** The dialect that the peer uses. */
  readonly dialect: DialectName;
  /** The address, URL and subprotocol of the connection. */
  readonly info: ConnectionInfo;
  /** The user that `authorize` returned; `undefined` without `authorize`, or if it returned no user. */
  readonly user: string | undefined;
  /** The `auth` of the grant that `authorize` returned; `undefined` without `authorize`. */
  readonly auth: Auth;
  /** `true` if the peer resumed a session. */
  readonly resumed: boolean;
  /** The names of the topics that the peer is subscribed to. */
  readonly topics: Iterable<string>;
  /**
   * The program's own data about this connection.
   *
   * @default undefined
   */
  state: State | undefined;
  /**
   * Sends a message to this peer only. The messages to a peer are a log of their own: they arrive in order, and a resume
   * delivers those that the peer missed.
   *
   * @typeParam T the message's type.
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset in the peer's log, once the record is committed. An ignored rejection goes to `onError`.
   * @throws {DrumbeatError} (as a rejection) when the hub refuses the message.
   */
  send<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number>;
  /**
   * Disconnects the peer, after the messages that the program has sent or published before. If the store commits them at
   * once, the peer is detached from the hub when this returns; otherwise, after the commit, or a second later. Its messages
   * are ignored from now on. Idempotent.
   *
   * @param code 1000, 1001, 1008, 1011–1013 or 3000–4999. Default: 1000.
   * @param reason at most 123 bytes of UTF-8. Default: none.
   * @throws {RangeError} for a code or reason that cannot be sent (RFC 6455 section 7.4).
   */
  close(code?: number, reason?: string): void;
}
