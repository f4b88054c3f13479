import type { AnyMessages, MessageOf } from "./contract.ts";
import type { MessageMap } from "./message_map.ts";
import type { Position } from "./wire.ts";

/** The context of a message: its offset in the topic's log, its publisher and its time. */
export interface MessageContext {
  /** The topic's name. */
  readonly topic: string;
  /** The public id of the peer that published the record, or `$hub`. The hub sets it. */
  readonly from: string;
  /** The time at which the hub received the record, in ms since 1970. */
  readonly at: number;
  /** The record's offset in the topic's log. */
  readonly offset: number;
  /** `true` if the reader published the record itself: this client, or, for a hub, the program that owns a hub. */
  readonly own: boolean;
}

/**
 * A record with a message.
 *
 * @typeParam M the message types.
 */
export interface MessageRecord<M extends MessageMap = AnyMessages>
  extends MessageContext {
  /** The kind of record. */
  readonly kind: "record";
  /** The published message. */
  readonly message: MessageOf<M>;
}

/** A record with a binary payload. */
export interface BinaryRecord extends MessageContext {
  /** The kind of record. */
  readonly kind: "binary";
  /** The published bytes. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Records that a client cannot receive: the hub has dropped them, or the client's `for await` was too slow. */
export interface GapRecord {
  /** The kind of record. */
  readonly kind: "gap";
  /** The topic's name. */
  readonly topic: string;
  /** The offset of the first missing record. */
  readonly from: number;
  /** The offset after the last missing record; absent if their number is unknown, because the log is a new one. */
  readonly to?: number;
}

/**
 * A part of a topic's log.
 *
 * @typeParam M the message types.
 */
export interface HistoryPart<M extends MessageMap = AnyMessages>
  extends Position {
  /** The oldest offset of the log. */
  readonly tail: number;
  /** The offset of the next record. */
  readonly head: number;
  /** The offset at which the next part begins: after the last record of this one. */
  readonly next: number;
  /**
   * The records from `offset` to `next`, except for those that were replaced (`lag: "latest"`) and those that the contract
   * refuses.
   */
  readonly records: readonly (MessageRecord<M> | BinaryRecord)[];
}

/** The part of a topic's log to read. */
export interface HistoryRange {
  /**
   * The first offset.
   *
   * @default the oldest offset of the log
   */
  readonly from?: number | undefined;
  /**
   * The largest number of records. A part also ends after about 64 KiB.
   *
   * @default 100
   */
  readonly limit?: number | undefined;
}

/**
 * An element of `for await` over a client's topic.
 *
 * @typeParam M the message types.
 */
export type TopicRecord<M extends MessageMap = AnyMessages> =
  | MessageRecord<M>
  | BinaryRecord
  | GapRecord;
