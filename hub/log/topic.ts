import type { Joined, Start } from "../../messages.ts";
import { BATCH_BYTES, encodeBatch } from "./batch.ts";
import type { BatchFrame, Run } from "./run.ts";
import { Log, type RecordLog } from "./log.ts";
import type { LogRecord } from "./record.ts";
import { ringOf } from "./ring.ts";
import type { LogBounds } from "./store.ts";
import type { Reader, Subscription } from "./subscription.ts";
import type { TopicSettings } from "./topic_options.ts";

/** Bytes of encoded frames that are kept for the next cursor: more than a window, which is what one flush sends a peer. */
const SHARED_BYTES = 8 * BATCH_BYTES;

/** A topic inside the hub: the ring of its newest records and the cursors into it. */
export class Topic implements Run {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly subscriptions: Set<Subscription<Reader>> = new Set();
  /** The monotonic time at which the last subscriber left or the last record came. */
  idleSince: number;
  /** The address of those who made it, while nobody else has used it. */
  lone: string | undefined;
  epoch = "";
  log: RecordLog = new Log(0);
  #isOpen = false;
  #storeTail = 0;
  #whenOpen: (() => void)[] = [];
  readonly #deep: boolean;
  /** Frames that cursors share, by their first offset. */
  #frames: Map<number, BatchFrame> | undefined;
  /** The one that was asked for last. */
  #newest: BatchFrame | undefined;
  #frameBytes = 0;

  /** @param deep whether the store keeps records below the ring. */
  constructor(
    name: string,
    settings: TopicSettings,
    deep: boolean,
    now: number,
  ) {
    this.name = name;
    this.settings = settings;
    this.#deep = deep;
    this.idleSince = now;
  }

  /** The oldest offset that can still be given to anybody. */
  get tail(): number {
    return this.#deep
      ? Math.min(this.#storeTail, this.log.tail)
      : this.log.tail;
  }

  /** The offset that the next record gets. */
  get head(): number {
    return this.log.head;
  }

  /** The store has opened the log, or lost it and made a new one. */
  open(bounds: LogBounds): void {
    this.epoch = bounds.epoch;
    this.log = ringOf(bounds, this.settings.lag);
    this.#storeTail = bounds.tail;
    this.rest();
    this.#isOpen = true;
    const waiting = this.#whenOpen;
    this.#whenOpen = [];
    for (const run of waiting) run();
  }

  /** Resolves when the log's bounds are known. */
  get opened(): Promise<void> {
    return new Promise((resolve) => this.whenOpen(resolve));
  }

  /** Runs at once if the log is open, else when it is. */
  whenOpen(run: () => void): void {
    if (this.#isOpen) run();
    else this.#whenOpen.push(run);
  }

  /** The store has dropped what is below `tail`. */
  trimmed(tail: number): void {
    this.#storeTail = tail;
  }

  /** The store has committed records at the head. */
  append(records: readonly LogRecord[], now: number): void {
    this.log.append(records);
    this.idleSince = now;
    this.rest();
  }

  /** Drops what the retention does not keep. */
  trim(now: number): void {
    this.log.trim(this.settings, now);
  }

  /** The start of a cursor that reads everything the log has. */
  get start(): Start {
    return { epoch: this.epoch, offset: 0 };
  }

  /** Where a cursor starts, and whether that is all that was asked for: docs/protocol.md, "Topics". */
  place(start: Start): Joined {
    const { epoch, head, tail } = this;
    if (start.last !== undefined) {
      return {
        epoch,
        offset: Math.max(tail, this.log.last(start.last)),
        recovered: true,
        head,
      };
    }
    if (start.offset === undefined) {
      return { epoch, offset: head, recovered: true, head };
    }
    if (start.epoch !== epoch || start.offset > head) {
      return { epoch, offset: tail, recovered: false, head };
    }
    return {
      epoch,
      offset: start.offset,
      recovered: start.offset >= tail,
      head,
    };
  }

  record(offset: number): LogRecord {
    return this.log.at(offset);
  }

  next(offset: number): number {
    return this.log.next(offset);
  }

  /** The batch for every cursor at `from`, which is in the ring and below the head. */
  batch(from: number): BatchFrame {
    // Those who keep up are all at the same place.
    if (this.#newest?.from === from) return this.#newest;
    let frame = this.#frames?.get(from);
    if (frame !== undefined) return this.#newest = frame;
    // Those who keep up share all frames of a flush; those who do not are apart from each other anyway.
    if (this.#frameBytes >= SHARED_BYTES) this.rest();
    frame = encodeBatch(this, from);
    this.#frameBytes += frame.bytes;
    (this.#frames ??= new Map()).set(from, frame);
    return this.#newest = frame;
  }

  /** Lets go of the shared frames: an idle topic holds no bytes but its log's. */
  rest(): void {
    this.#frames = this.#newest = undefined;
    this.#frameBytes = 0;
  }
}
