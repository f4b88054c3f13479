/**
 * The parts that the frames of drumbeat.v1 share: error codes, positions, limits and records. messages/frames.ts has the
 * frames.
 *
 * Units: names that end in `Ms` are milliseconds, names that end in `Bytes` are bytes of UTF-8, times are milliseconds
 * since 1970, offsets and counts are integers from 0 to 2^53 - 1.
 *
 * @module
 */

/** The WebSocket subprotocol of these frames (RFC 6455 section 1.9). */
export const PROTOCOL = "drumbeat.v1";

/**
 * The size of a `hello` or a `renew` that every hub accepts, in bytes, however small its `messageBytes` is: a token identifies a
 * peer, and its size is not the program's choice.
 */
export const IDENTITY_BYTES = 64 * 1024;

/**
 * The code of an error on the wire. Programs decide by the code; the message is for people. With every code except
 * `indeterminate`, the message was not stored.
 */
export type ErrorCode =
  /** The data is not a JSON object with a string `type`, or binary data without such a header. */
  | "malformed"
  /** A field of a known frame, or a message's payload, has the wrong type or value. */
  | "invalid"
  /** The frame type, message type or request method does not exist on this hub. */
  | "unsupported"
  /** The message may have been stored: the outcome of the publish is unknown. */
  | "indeterminate"
  /** The peer is subscribed to this topic already. */
  | "already"
  /** The peer is not subscribed to this topic. */
  | "absent"
  /** The topic's name is reserved, or the peer may not do this. */
  | "forbidden"
  /** The token is missing or not valid. */
  | "unauthenticated"
  /** A limit is reached: topics, frames without an answer, or the client's outbox. */
  | "limit"
  /** The message is larger than `limits.messageBytes`. */
  | "large"
  /** The log could not be written or read. */
  | "unavailable"
  /** The program's handler of a request failed, or did not reply in time. */
  | "failed";

/**
 * The requested start of a subscription: `last` alone, `epoch` and `offset` together, or none of them. Without them it
 * starts at the head: the peer receives new records only.
 */
export interface Start {
  /** The number of newest records to receive, as far as the log contains them. */
  readonly last?: number;
  /** The epoch of `offset`. */
  readonly epoch?: string;
  /** The offset of the next record to receive. */
  readonly offset?: number;
  /**
   * True to become a member of the topic's presence, and to receive its changes.
   *
   * @default false
   */
  readonly presence?: boolean;
  /** The data of this member in the topic's presence. */
  readonly data?: unknown;
}

/** A position in a topic's log. */
export interface Position {
  /** The id of the log: a log that starts again has a new one. */
  readonly epoch: string;
  /** The offset of the next record. */
  readonly offset: number;
}

/** The start of a subscription, as the hub accepted it. */
export interface Subscribed extends Position {
  /** True if the log still contains every requested record. */
  readonly recovered: boolean;
  /** The offset after the newest record at that moment: the records from `offset` to it are older than the subscription. */
  readonly head: number;
}

/** The result for one topic of a hello: its start, or the error. */
export type TopicStart = Subscribed | { readonly error: ErrorCode };

/** The limits that a client must observe. They have the names of the hub's options. */
export interface WireLimits {
  /** Maximum size of a message that the client sends. */
  readonly messageBytes: number;
  /** Maximum size of the batches that the hub sends before the client acknowledges them. */
  readonly windowBytes: number;
  /** Maximum number of publishes, requests and histories without an answer. */
  readonly inflight: number;
  /** Maximum number of subscriptions. */
  readonly topicsPerPeer: number;
  /** Maximum number of messages per second, with a burst of twice `inflight`. Absent or `null`: unlimited. */
  readonly messagesPerSecond: number;
  /** Maximum number of bytes per second, with a burst of two seconds' worth. Absent or `null`: unlimited. */
  readonly bytesPerSecond: number;
}

/** A record of a topic's log. */
export interface WireRecord {
  /** The public id of the peer that published it, or `$hub`. The hub sets it. */
  readonly from: string;
  /** The time at which the hub received it, ms since 1970. */
  readonly at: number;
  /** The published message. Absent for a binary payload. */
  readonly message?: unknown;
}

/** A record of a batch. An absent `from` or `at` is that of the record before it; the first record has both. */
export interface BatchRecord extends Partial<WireRecord> {
  /** The record's offset, if it does not follow the record before it: the records between were replaced, not lost. */
  readonly offset?: number;
}
