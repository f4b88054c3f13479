import { createRing, type LagPolicy } from "./lag_policy.ts";
import type { LogRecord } from "./record.ts";
import { ContiguousRing, type Ring } from "./ring.ts";
import type { LogBounds, RecentRecords, StoredRecords } from "./store.ts";

/** A log of the store, as a hub or a worker host sees it: its epoch, its bounds, and the ring of its newest records. */
export class Log {
  /** The log's epoch; empty until the store has opened the log. */
  epoch = "";
  /** The newest records. */
  ring: Ring = new ContiguousRing(0);
  readonly #lag: LagPolicy;
  readonly #keepsBelowRing: boolean;
  #storeTail = 0;

  /**
   * Creates a log that the store has not opened yet.
   *
   * @param lag the topic's policy.
   * @param keepsBelowRing `true` if the store keeps records below the ring.
   */
  constructor(lag: LagPolicy, keepsBelowRing: boolean) {
    this.#lag = lag;
    this.#keepsBelowRing = keepsBelowRing;
  }

  /** `true` once the store has opened the log. */
  get isOpen(): boolean {
    return this.epoch !== "";
  }

  /** The oldest offset that a reader can still get. */
  get tail(): number {
    const { tail } = this.ring;
    return this.#keepsBelowRing ? Math.min(this.#storeTail, tail) : tail;
  }

  /** The epoch, the oldest offset and the next one. */
  get bounds(): LogBounds {
    return { epoch: this.epoch, tail: this.tail, head: this.ring.head };
  }

  /** Starts again: the store has opened the log, or has replaced a lost one. */
  open(bounds: LogBounds): void {
    this.epoch = bounds.epoch;
    this.#storeTail = bounds.tail;
    this.ring = ringOf(bounds, this.#lag);
  }

  /** Records that the store has dropped the records below `tail`. */
  trimmed(tail: number): void {
    this.#storeTail = tail;
  }
}

/**
 * Creates the ring of a log that the store has opened, with the records that the store passes for it.
 *
 * @param bounds the log's bounds, from the store.
 * @param lag the topic's policy: `latest` needs a log that replaces records.
 */
export function ringOf(
  { head, recent = { tail: head, runs: [] } }: LogBounds,
  lag: LagPolicy,
): Ring {
  const ring = createRing(lag, recent.tail);
  for (const { offset, records } of recent.runs) {
    ring.skip(offset);
    ring.append(records);
  }
  ring.skip(head);
  return ring;
}

/** Returns the records of a ring, from which {@linkcode ringOf} creates an equal ring. */
export function recentOf(ring: Ring): RecentRecords {
  const { tail, head } = ring;
  const runs: StoredRecords[] = [];
  let run: LogRecord[] = [];
  let end = -1;
  for (let at = ring.next(tail); at < head; at = ring.next(at + 1)) {
    if (at !== end) runs.push({ offset: at, records: run = [] });
    run.push(ring.at(at));
    end = at + 1;
  }
  return { tail, runs };
}
