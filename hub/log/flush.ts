import type { Cancel, Clock } from "../clock.ts";
import type { Run } from "./run.ts";
import { BATCH_BYTES } from "./batch.ts";
import type { Reporter } from "../hooks.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { LogRecord } from "./record.ts";
import type { Entry, Store, StoredRecords } from "./store.ts";
import { storedRun } from "./stored_run.ts";
import type { Reader, Subscription } from "./subscription.ts";
import type { Topic } from "./topic.ts";

/** A flush waits for more messages while they keep coming in, this often at most. */
const MAX_POSTPONES = 4;
/** A publisher that does not let the event loop turn is flushed when this many bytes are gathered. */
const GATHER_BYTES = 256 * 1024;
/** How long a cursor below the ring waits for a store that is away before it is read for again, in ms. */
const AWAY_MS = 1_000;
/** How often peers are looked at that give no sign when they have room again, in ms. */
const POLL_MS = 20;

/** What {@linkcode Delivery} needs of the hub. */
export interface DeliveryContext {
  readonly clock: Clock;
  readonly store: Store;
  /** Runs after the records of a flush are on their way. */
  afterFlush(): void;
  /** A subscriber fell off the log of a topic whose policy is `disconnect`. */
  tooSlow(subscription: Subscription<Reader>): void;
  /** A delivery threw: the connection cannot go on. */
  failed(connection: Reader, error: unknown): void;
  readonly reporter: Reporter;
  readonly monitor: Monitor;
}

/** Numbers that only grow. */
export interface DeliveryCounts {
  /** Records given to peers: one record to n peers counts n. */
  delivered: number;
  /** Gaps told to peers. */
  gaps: number;
  /** Flushes. */
  flushes: number;
}

/**
 * The only way messages travel: publishing gathers entries; once per turn of the event loop they are appended to the
 * store, and each cursor with credit moves to its log's head.
 */
export class Delivery {
  readonly counts: DeliveryCounts = { delivered: 0, gaps: 0, flushes: 0 };
  readonly #context: DeliveryContext;
  #pending: Entry[] = [];
  #pendingBytes = 0;
  /** Topics with new records. */
  readonly #fresh = new Set<Topic>();
  /** Connections that have credit again. */
  readonly #awake = new Set<Reader>();
  /** Connections whose dialect gives no sign when they have room again. */
  readonly #polled = new Set<Reader>();
  #stopPolling: Cancel | undefined;
  #scheduled = false;
  #flushing = false;
  #closed = false;
  #postpones = 0;
  #seen = 0;

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Whether it has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Gathers an entry for the next flush. */
  append(entry: Entry): void {
    this.#pending.push(entry);
    this.#pendingBytes += entry.record.bytes;
    if (this.#pendingBytes >= GATHER_BYTES && !this.#flushing) this.flush();
    else this.schedule();
  }

  /** The store committed records to a topic. */
  committed(topic: Topic, records: readonly LogRecord[]): void {
    topic.append(records, this.#context.clock.now());
    this.#fresh.add(topic);
    this.schedule();
  }

  /** A new subscription whose cursor may be below the head. */
  start(subscription: Subscription<Reader>): void {
    if (subscription.cursor < subscription.topic.head) {
      this.#wait(subscription, true);
    }
  }

  /** A connection took in what it was sent. */
  wake(connection: Reader): void {
    if (connection.waiting.size === 0) return;
    this.#awake.add(connection);
    this.schedule();
  }

  /** A connection has left. */
  forget(connection: Reader): void {
    this.#awake.delete(connection);
    this.#polled.delete(connection);
    connection.waiting.clear();
  }

  /** Plans a flush for this turn of the event loop. */
  schedule(): void {
    if (this.#scheduled || this.#flushing || this.#closed) return;
    this.#scheduled = true;
    this.#postpones = 0;
    this.#seen = this.#pending.length;
    this.#context.clock.turn(this.#turn);
  }

  /** Ends delivery: nothing is flushed any more. */
  close(): void {
    this.#closed = true;
    this.#stopPolling?.();
  }

  readonly #visit = (subscription: Subscription<Reader>): void => {
    if (!subscription.waiting) this.#advance(subscription);
  };

  readonly #turn = (): void => {
    if (this.#closed) return;
    // While messages keep coming in, a flush that waits one more turn makes fewer and larger frames.
    if (
      this.#pending.length > this.#seen && this.#postpones++ < MAX_POSTPONES
    ) {
      this.#seen = this.#pending.length;
      this.#context.clock.turn(this.#turn);
      return;
    }
    this.#scheduled = false;
    this.flush();
  };

  /** Appends what was gathered and moves every cursor that can move. */
  flush(): void {
    this.#flushing = true;
    const { clock, monitor } = this.#context;
    const from = clock.now();
    try {
      this.counts.flushes++;
      if (this.#pending.length > 0) {
        const entries = this.#pending;
        this.#pending = [];
        this.#pendingBytes = 0;
        this.#context.store.append(entries);
      }
      for (const topic of this.#fresh) {
        // Not `for … of`, which makes an object for each of them.
        topic.subscriptions.forEach(this.#visit);
      }
      this.#advanceAwake();
      const now = clock.now();
      monitor.flushed(now - from);
      for (const topic of this.#fresh) {
        topic.trim(now);
        topic.rest();
      }
      this.#fresh.clear();
    } catch (error) {
      this.#context.reporter.report(error, "flush");
    } finally {
      this.#flushing = false;
    }
    this.#context.afterFlush();
    if (
      this.#pending.length > 0 || this.#fresh.size > 0 || this.#awake.size > 0
    ) this.schedule();
  }

  #advanceAwake(): void {
    const awake = [...this.#awake];
    this.#awake.clear();
    const topics = new Set<Topic>();
    for (const connection of awake) {
      for (const subscription of [...connection.waiting]) {
        connection.waiting.delete(subscription);
        this.#advance(subscription);
        topics.add(subscription.topic);
      }
    }
    for (const topic of topics) topic.rest();
  }

  /** Sends from the cursor towards the head, as far as credit goes. What fails costs this connection, not the others. */
  #advance(subscription: Subscription<Reader>): void {
    const { connection, topic } = subscription;
    subscription.waiting = false;
    try {
      while (subscription.cursor < topic.head) {
        if (connection.isDetached) return;
        if (!connection.wire.hasCredit) return this.#wait(subscription, false);
        if (subscription.cursor >= topic.log.tail) {
          this.#deliver(subscription, topic);
        } else if (!this.#readBelow(subscription)) return;
      }
    } catch (error) {
      this.#context.failed(connection, error);
    }
  }

  #deliver(subscription: Subscription<Reader>, run: Run): void {
    const before = subscription.cursor;
    subscription.cursor = subscription.connection.wire.deliver(run, before);
    this.counts.delivered += subscription.cursor - before;
  }

  /**
   * Brings a cursor below the ring closer to it, by records from the store or by a gap.
   *
   * @returns whether it did; if not, the store is reading and delivery goes on when it is done.
   */
  #readBelow(subscription: Subscription<Reader>): boolean {
    const { topic, cursor } = subscription;
    let found: StoredRecords | Promise<StoredRecords> | undefined;
    try {
      found = this.#context.store.read?.(topic.name, cursor, BATCH_BYTES);
    } catch (error) {
      this.#context.reporter.report(error, "store");
    }
    if (!(found instanceof Promise)) {
      this.#stored(subscription, found);
      return true;
    }
    // `waiting` and not in `connection.waiting`: neither new records nor credit visit it meanwhile.
    subscription.waiting = true;
    found.then(
      (records) => this.#readLater(subscription, records),
      (error) => {
        // Away, and has said so: what it has is not lost.
        if (this.#context.store.healthy === false) {
          const again = () => this.#wait(subscription, true);
          return void this.#context.clock.after(AWAY_MS, again);
        }
        this.#context.reporter.report(error, "store");
        this.#readLater(subscription, undefined);
      },
    );
    return false;
  }

  #readLater(
    subscription: Subscription<Reader>,
    records: StoredRecords | undefined,
  ): void {
    if (!subscription.topic.subscriptions.has(subscription)) return;
    this.#stored(subscription, records);
    this.#wait(subscription, true);
  }

  #stored(
    subscription: Subscription<Reader>,
    found: StoredRecords | undefined,
  ): void {
    const { topic } = subscription;
    const to = found === undefined || found.records.length === 0
      ? topic.log.tail
      : Math.min(found.offset, topic.log.tail);
    if (subscription.isTooSlow) return this.#context.tooSlow(subscription);
    if (to > subscription.cursor) {
      this.counts.gaps++;
      subscription.connection.wire.gap(topic.name, subscription.cursor, to);
      subscription.cursor = to;
      subscription.hasKeptUp = true;
    }
    if (
      found === undefined || found.records.length === 0 ||
      found.offset >= topic.log.tail
    ) return;
    this.#deliver(subscription, storedRun(topic.name, found));
  }

  /** @param now whether it may go on in the next flush; else it waits for credit. */
  #wait(subscription: Subscription<Reader>, now: boolean): void {
    const { connection, topic } = subscription;
    // Left, or unsubscribed, while the store was asked: nothing of the topic follows.
    if (!topic.subscriptions.has(subscription)) return;
    subscription.waiting = true;
    connection.waiting.add(subscription);
    if (now) this.wake(connection);
    else if (connection.wire.name === "plain") this.#poll(connection);
  }

  #poll(connection: Reader): void {
    this.#polled.add(connection);
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
