import type { Start, Subscribed } from "../../messages.ts";
import {
  BATCH_BYTES,
  type BatchFrame,
  encodeBatch,
  type Run,
} from "./batch.ts";
import type { Ring } from "./ring.ts";
import { Log } from "./log.ts";
import type { LogRecord } from "./record.ts";
import type { LogBounds } from "./store.ts";
import type { TopicSettings } from "./topic_options.ts";

/** Bytes of encoded batches that are kept for the next cursor: more than the window, which is what one flush sends a peer. */
const SHARED_BYTES = 8 * BATCH_BYTES;

/** The way records reach a reader. */
export interface Delivery {
  /** `true` if the reader acknowledges records; `false` if the hub has to poll `hasCredit`. */
  readonly acknowledges: boolean;
  /** `true` while more records may be sent. */
  readonly hasCredit: boolean;
  /**
   * Sends records from `from` on while there is credit.
   *
   * @returns the offset of the first record that was not sent.
   */
  deliver(run: Run, from: number): number;
  /** Reports that the records `from` to `to - 1` of a topic cannot be delivered. */
  gap(topic: string, from: number, to: number): void;
}

/** A reader of topics: a connection, or a part of the hub that follows a log of its own. */
export interface Reader {
  /** The way records reach it. */
  readonly wire: Delivery;
  /** The subscriptions that wait for credit. */
  readonly waiting: Set<Subscription<Reader>>;
  /** `true` once nothing can be delivered any more. */
  readonly isDetached: boolean;
  /** Ends the reader. */
  close(code: number, reason: string): void;
}

/** A cursor of a reader in a topic: all that the hub keeps for a subscriber. */
export class Subscription<R extends Reader = Reader> {
  readonly reader: R;
  readonly topic: Topic;
  /** The offset of the next record to send. It only moves forward. */
  cursor: number;
  /** `true` while the cursor waits for credit, or for the store. New records do not visit such a cursor. */
  isWaiting = false;
  /** `true` once the cursor was within the log: a later gap means that the reader is slow. */
  hasKeptUp: boolean;

  constructor(reader: R, topic: Topic, cursor: number) {
    this.reader = reader;
    this.topic = topic;
    this.cursor = cursor;
    this.hasKeptUp = cursor >= topic.log.tail;
  }
}

/** A topic: its log, and the cursors in it. */
export class Topic implements Run {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly log: Log;
  readonly subscriptions: Set<Subscription> = new Set();
  /** The monotonic time of the last unsubscribe or the last record, in ms. */
  idleSince: number;
  /** The address of the peer that created the topic; `undefined` for the program, and for internal topics. */
  readonly creator: string | undefined;
  #whenOpen: (() => void)[] = [];
  /** Batches that cursors share, by their first offset. */
  #batches: Map<number, BatchFrame> | undefined;
  /** The batch that was used last. */
  #newest: BatchFrame | undefined;
  #batchBytes = 0;

  /**
   * Creates a topic whose log is not open yet.
   *
   * @param name the topic's name.
   * @param settings the topic's settings.
   * @param keepsBelowRing `true` if the store keeps records below the ring.
   * @param now the monotonic time in ms.
   * @param creator the address of the peer that creates the topic. Default: none.
   */
  constructor(
    name: string,
    settings: TopicSettings,
    keepsBelowRing: boolean,
    now: number,
    creator?: string,
  ) {
    this.name = name;
    this.settings = settings;
    this.log = new Log(settings.lag, keepsBelowRing);
    this.idleSince = now;
    this.creator = creator;
  }

  /** The newest records. */
  get ring(): Ring {
    return this.log.ring;
  }

  /** Opens the log, or replaces it after the store lost it, and runs what waits for it. */
  open(bounds: LogBounds): void {
    this.log.open(bounds);
    this.dropBatches();
    const waiting = this.#whenOpen;
    this.#whenOpen = [];
    for (const run of waiting) run();
  }

  /** Resolves when the log is open. */
  get opened(): Promise<void> {
    return new Promise((resolve) => this.whenOpen(resolve));
  }

  /** Calls `run` when the log is open: within this call if it is open already. */
  whenOpen(run: () => void): void {
    if (this.log.isOpen) run();
    else this.#whenOpen.push(run);
  }

  /** Appends records that the store has committed. */
  append(records: readonly LogRecord[], now: number): void {
    this.log.ring.append(records);
    this.idleSince = now;
    this.dropBatches();
  }

  /** The start of a cursor that reads everything the log has. */
  get start(): Start {
    return { epoch: this.log.epoch, offset: 0 };
  }

  /** Computes the start of a new cursor from the requested one: docs/protocol.md, "Topics". */
  startOf(start: Start): Subscribed {
    const { epoch, tail, ring } = this.log;
    const { head } = ring;
    if (start.last !== undefined) {
      const offset = Math.max(tail, ring.last(start.last));
      return { epoch, offset, recovered: true, head };
    }
    if (start.offset === undefined) {
      return { epoch, offset: head, recovered: true, head };
    }
    if (start.epoch !== epoch || start.offset > head) {
      return { epoch, offset: tail, recovered: false, head };
    }
    const { offset } = start;
    return { epoch, offset, recovered: offset >= tail, head };
  }

  /**
   * Returns the batch of every cursor at an offset.
   *
   * @param from an offset within the ring, below its head.
   */
  batch(from: number): BatchFrame {
    // Cursors that keep up are all at the same offset.
    if (this.#newest?.from === from) return this.#newest;
    let frame = this.#batches?.get(from);
    if (frame !== undefined) return this.#newest = frame;
    // Cursors that keep up share all batches of a flush; the others are at different offsets and share none.
    if (this.#batchBytes >= SHARED_BYTES) this.dropBatches();
    frame = encodeBatch(this, from);
    this.#batchBytes += frame.bytes;
    (this.#batches ??= new Map()).set(from, frame);
    return this.#newest = frame;
  }

  /** Drops the shared batches, so that an idle topic holds no bytes but those of its log. */
  dropBatches(): void {
    this.#batches = this.#newest = undefined;
    this.#batchBytes = 0;
  }
}
