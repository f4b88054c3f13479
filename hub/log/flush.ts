import type { Cancel, Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import { BATCH_BYTES, type Run, storedRun } from "./batch.ts";
import { disconnectIfSlow } from "./lag_policy.ts";
import type { LogRecord } from "./record.ts";
import type { Store, StoredRecords } from "./store.ts";
import type { Reader, Subscription, Topic } from "./topic.ts";

/** A flush is postponed at most this often while more messages arrive. */
const MAX_POSTPONES = 4;
/** The delay before a cursor below the ring is read for again after the store failed, in ms. */
const STORE_RETRY_MS = 1_000;
/** The interval at which readers that do not acknowledge are polled for credit, in ms. */
const POLL_MS = 20;

/** The parts of the hub that a {@linkcode Flush} uses. */
export interface FlushContext {
  readonly clock: Clock;
  readonly store: Pick<Store, "read" | "healthy">;
  readonly reporter: Reporter;
  readonly monitor: { flushed(ms: number): void };
  /** Trims the logs that have new records. */
  readonly topics: { trim(topic: Topic, now: number): void };
}

/** The steps of a flush before and after the cursors move. */
export interface FlushSteps {
  /** The write half: appends what was gathered first, and runs the program's handlers last. */
  readonly publisher: { append(): void; runHandlers(): void };
  /** Sends presence after the records. */
  readonly presence: { readonly hasChanges: boolean; flush(): void };
}

/** Counters of a {@linkcode Flush}. */
export interface FlushCounts {
  /** Records sent to readers: one record to n readers counts n. */
  delivered: number;
  /** Gaps sent to readers. */
  gaps: number;
  flushes: number;
}

/**
 * The read half of the log: once per turn of the event loop, gathered messages are appended, and each cursor with credit
 * moves to its log's head. Nothing else delivers messages.
 */
export class Flush {
  readonly counts: FlushCounts = { delivered: 0, gaps: 0, flushes: 0 };
  /** `true` once nothing is flushed any more. */
  isClosed = false;
  /** `true` while records are appended and cursors move. */
  isFlushing = false;
  readonly #context: FlushContext;
  #steps: FlushSteps | undefined;
  /** Topics with new records. */
  readonly #fresh = new Set<Topic>();
  /** Readers that have credit again. */
  readonly #awake = new Set<Reader>();
  /** Readers without credit that do not acknowledge. */
  readonly #polled = new Set<Reader>();
  #stopPolling: Cancel | undefined;
  #isScheduled = false;
  /** `true` if messages were gathered since the flush was scheduled, or since it began. */
  #hasMore = false;
  #postpones = 0;

  constructor(context: FlushContext) {
    this.#context = context;
  }

  /** Connects the other steps of a flush. Called once, before the first flush. */
  connect(steps: FlushSteps): void {
    this.#steps = steps;
  }

  /**
   * Schedules a flush for this turn of the event loop.
   *
   * @param hasMore `true` if a message was gathered: then more messages are likely to follow.
   */
  schedule(hasMore = false): void {
    if (this.#isScheduled || this.isFlushing || this.isClosed) {
      this.#hasMore ||= hasMore;
      return;
    }
    this.#isScheduled = true;
    this.#hasMore = false;
    this.#postpones = 0;
    this.#context.clock.turn(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.isClosed) return;
    // While messages arrive, a flush that waits one more turn makes fewer and larger frames.
    if (this.#hasMore && this.#postpones++ < MAX_POSTPONES) {
      this.#hasMore = false;
      this.#context.clock.turn(this.#turn);
      return;
    }
    this.#isScheduled = false;
    this.flush();
  };

  /** Appends what was gathered and moves every cursor that can move. */
  flush(): void {
    const { clock, monitor, reporter, topics } = this.#context;
    const { publisher, presence } = this.#steps!;
    this.isFlushing = true;
    this.#hasMore = false;
    const from = clock.now();
    try {
      this.counts.flushes++;
      publisher.append();
      for (const topic of this.#fresh) {
        // Not `for … of`, which allocates an object for each subscription.
        topic.subscriptions.forEach(this.#advance);
      }
      if (this.#awake.size > 0) this.#advanceAwake();
      const now = clock.now();
      monitor.flushed(now - from);
      for (const topic of this.#fresh) {
        topics.trim(topic, now);
        topic.dropBatches();
      }
      this.#fresh.clear();
    } catch (error) {
      reporter.report(error, "flush");
    } finally {
      this.isFlushing = false;
    }
    if (presence.hasChanges) presence.flush();
    publisher.runHandlers();
    if (this.#hasMore || this.#fresh.size > 0 || this.#awake.size > 0) {
      this.schedule();
    }
  }

  /** Closes the flush. */
  close(): void {
    this.isClosed = true;
    this.#stopPolling?.();
  }

  /** Adds records that the store has committed to a topic's ring. */
  committed(topic: Topic, records: readonly LogRecord[]): void {
    topic.append(records, this.#context.clock.now());
    this.#fresh.add(topic);
    this.schedule();
  }

  /** Starts a new cursor, which may be below the head. */
  start(subscription: Subscription): void {
    if (subscription.cursor < subscription.topic.ring.head) {
      this.#wait(subscription, true);
    }
  }

  /** Continues with a reader that has credit again. */
  wake(reader: Reader): void {
    if (reader.waiting.size === 0) return;
    this.#awake.add(reader);
    this.schedule();
  }

  /** Forgets a reader that is detached. */
  forget(reader: Reader): void {
    this.#awake.delete(reader);
    this.#polled.delete(reader);
    reader.waiting.clear();
  }

  #advanceAwake(): void {
    const awake = [...this.#awake];
    this.#awake.clear();
    const topics = new Set<Topic>();
    for (const reader of awake) {
      for (const subscription of [...reader.waiting]) {
        reader.waiting.delete(subscription);
        subscription.isWaiting = false;
        this.#advance(subscription);
        topics.add(subscription.topic);
      }
    }
    for (const topic of topics) topic.dropBatches();
  }

  /** Sends from the cursor to the head, as far as credit allows. An exception costs this reader, not the others. */
  readonly #advance = (subscription: Subscription): void => {
    if (subscription.isWaiting) return;
    const { reader, topic } = subscription;
    try {
      // The store may replace the ring at any time, so it is not kept in a variable.
      while (subscription.cursor < topic.log.ring.head) {
        if (reader.isDetached) return;
        if (!reader.wire.hasCredit) return this.#wait(subscription, false);
        if (subscription.cursor >= topic.log.ring.tail) {
          this.#deliver(subscription, topic);
        } else if (!this.#readBelow(subscription)) return;
      }
    } catch (error) {
      this.#context.reporter.report(error, "flush");
      reader.close(1011, "Internal error");
    }
  };

  #deliver(subscription: Subscription, run: Run): void {
    const before = subscription.cursor;
    subscription.cursor = subscription.reader.wire.deliver(run, before);
    this.counts.delivered += subscription.cursor - before;
  }

  /**
   * Moves a cursor below the ring: by records from the store, or by a gap.
   *
   * @returns `false` while the store reads; then delivery continues with its result.
   */
  #readBelow(subscription: Subscription): boolean {
    const { store, clock, reporter } = this.#context;
    const { topic, cursor } = subscription;
    let stored: StoredRecords | Promise<StoredRecords> | undefined;
    try {
      stored = store.read?.(topic.name, cursor, BATCH_BYTES);
    } catch (error) {
      reporter.report(error, "store");
    }
    if (!(stored instanceof Promise)) {
      this.#useStored(subscription, stored);
      return true;
    }
    // Not in `reader.waiting`: meanwhile, neither new records nor credit may move the cursor.
    subscription.isWaiting = true;
    stored.then(
      (records) => this.#continue(subscription, records),
      (error) => {
        // A store that reports itself as failing still has its records.
        if (store.healthy === false) {
          const retry = () => this.#wait(subscription, true);
          return void clock.after(STORE_RETRY_MS, retry);
        }
        reporter.report(error, "store");
        this.#continue(subscription, undefined);
      },
    );
    return false;
  }

  #continue(
    subscription: Subscription,
    stored: StoredRecords | undefined,
  ): void {
    if (!subscription.topic.subscriptions.has(subscription)) return;
    this.#useStored(subscription, stored);
    this.#wait(subscription, true);
  }

  #useStored(
    subscription: Subscription,
    stored: StoredRecords | undefined,
  ): void {
    const { reader, topic } = subscription;
    const { tail } = topic.ring;
    const isEmpty = stored === undefined || stored.records.length === 0;
    const to = isEmpty ? tail : Math.min(stored.offset, tail);
    if (disconnectIfSlow(subscription)) return;
    if (to > subscription.cursor) {
      this.counts.gaps++;
      reader.wire.gap(topic.name, subscription.cursor, to);
      subscription.cursor = to;
      subscription.hasKeptUp = true;
    }
    if (isEmpty || stored.offset >= topic.ring.tail) return;
    this.#deliver(subscription, storedRun(topic.name, stored));
  }

  /** @param hasCredit `true` to continue in the next flush; `false` to wait for credit. */
  #wait(subscription: Subscription, hasCredit: boolean): void {
    const { reader, topic } = subscription;
    // Unsubscribed or detached while the store was reading.
    if (!topic.subscriptions.has(subscription)) return;
    subscription.isWaiting = true;
    reader.waiting.add(subscription);
    if (hasCredit) this.wake(reader);
    else if (!reader.wire.acknowledges) this.#poll(reader);
  }

  #poll(reader: Reader): void {
    this.#polled.add(reader);
    this.#stopPolling ??= this.#context.clock.after(POLL_MS, () => {
      this.#stopPolling = undefined;
      for (const polled of this.#polled) {
        if (polled.wire.hasCredit) {
          this.#polled.delete(polled);
          this.wake(polled);
        }
      }
      for (const polled of this.#polled) return this.#poll(polled);
    });
  }
}
