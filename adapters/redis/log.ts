import { randomId } from "../../hub/ids.ts";
import type { Entry, LogBounds, StoredRecords } from "../../hub/log/store.ts";
import { RedisAppends } from "./appends.ts";
import { RedisConnectionError, RedisReplyError } from "./errors.ts";
import type { RedisNode } from "./node.ts";
import { readStream } from "./read.ts";
import type { AnnouncedRun, RedisRun } from "./record.ts";
import { OPEN } from "./scripts.ts";
import type { RedisSubscriber } from "./subscriber.ts";

/** The length of an epoch. */
const EPOCH_LENGTH = 8;
/** The time to wait for records below those that have arrived, in ms; then the log reads them from the stream. */
const REORDER_MS = 100;
/** The largest number of runs of other nodes that wait for the runs before them. */
const MAX_HELD = 256;
/** The bytes of one read while a log catches up. */
const CATCH_UP_BYTES = 1024 * 1024;
/** A log that misses more records continues at the head: peers then read the records from the stream. */
const MAX_CATCH_UP = 10_000;
/** The pause after a connection was closed, in ms. */
const RECONNECT_MS = 10;
/** The pause before a rejected command is sent again, in ms. */
const BUSY_MS = 100;

/**
 * One topic's log, as this node follows it. The hub receives its records contiguous and in order: records of this node,
 * records that other nodes announced, and records read from the stream because an announcement was lost. The log sends
 * one command at a time.
 */
export class RedisLog {
  readonly name: string;
  readonly #node: RedisNode;
  readonly #subscriber: RedisSubscriber;
  readonly #appends: RedisAppends;
  /** Runs above the head, by offset. */
  readonly #held = new Map<number, RedisRun>();
  #epoch = "";
  #tail = 0;
  #head = 0;
  /** `true` while the log's epoch, tail and head have to be read from Redis. */
  #needsBounds = true;
  /** `true` while the stream has records that this node has not received. */
  #missesRecords = false;
  #isSyncing = false;
  #isForgotten = false;
  #isWaiting = false;

  constructor(name: string, node: RedisNode, subscriber: RedisSubscriber) {
    this.name = name;
    this.#node = node;
    this.#subscriber = subscriber;
    this.#appends = new RedisAppends(name, node);
  }

  /** The log's epoch; empty before it was opened. */
  get epoch(): string {
    return this.#epoch;
  }

  /** The log's bounds; absent before it was opened. */
  get bounds(): LogBounds | undefined {
    if (this.#epoch === "") return undefined;
    return { epoch: this.#epoch, tail: this.#tail, head: this.#head };
  }

  /** `true` while an append may have no outcome. */
  get isPending(): boolean {
    return this.#appends.isPending || this.#held.size > 0;
  }

  /** Queues an entry for the next script. */
  append(entry: Entry): void {
    this.#appends.add(entry);
  }

  /** Receives records that a node announced. */
  announced(run: AnnouncedRun): void {
    if (this.#appends.writer === run.writer) return;
    if (this.#epoch !== "" && run.epoch !== this.#epoch) return this.check();
    this.#receive(run);
    this.#trimmed(run.tail);
  }

  /** Reads the log's bounds again: an announcement may have been lost. */
  check(): void {
    this.#needsBounds = true;
    this.sync();
  }

  /**
   * Compares the log with its state in Redis.
   *
   * @param epoch the epoch in Redis.
   * @param head the head in Redis.
   * @param before the head of this node when Redis was asked.
   */
  compare(epoch: string | null, head: number, before: number): void {
    if (epoch !== this.#epoch || head < before) return this.check();
    if (head <= this.#head) return;
    this.#missesRecords = true;
    this.sync();
  }

  /** Settles the entries that have waited longer than `waitMs`. */
  expire(): void {
    this.#appends.expire();
    const { clock, settings } = this.#node;
    const before = clock.now() - settings.waitMs;
    // These records are stored, and wait for records before them. Their publishers get the outcome now.
    for (const { since = Infinity, done } of this.#held.values()) {
      if (since <= before) done?.();
    }
  }

  /** Settles every entry: the store is closed. */
  close(): void {
    this.#appends.close();
    for (const { done } of this.#held.values()) done?.();
  }

  /** Stops reporting to the hub. Appends in flight are still settled. */
  forget(): void {
    this.#isForgotten = true;
  }

  /**
   * Brings this log and Redis in line: reads the bounds, reads missing records, and appends, until the two agree. The
   * commands of all topics of one turn are sent together.
   */
  async sync(): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const { connection } = this.#node;
    while (this.#needsSync && !this.#node.isClosed) {
      try {
        if (!connection.isUp) await connection.whenUp;
        else if (this.#needsBounds) await this.#open();
        else if (this.#missesRecords && !this.#appends.isSent) {
          await this.#catchUp();
        } else await this.#append();
      } catch (error) {
        await this.#failed(error);
      }
    }
    this.#isSyncing = false;
  }

  get #needsSync(): boolean {
    if (this.#appends.isPending) return true;
    return !this.#isForgotten && (this.#needsBounds || this.#missesRecords);
  }

  async #failed(error: unknown): Promise<void> {
    // The connection itself reports that it was closed.
    if (error instanceof RedisConnectionError) {
      return await this.#node.pause(RECONNECT_MS);
    }
    this.#needsBounds = true;
    if (error instanceof RedisReplyError) this.#node.rejected(error);
    else this.#node.sink?.failed(error);
    await this.#node.pause(BUSY_MS);
  }

  async #append(): Promise<void> {
    const answer = await this.#appends.send(this.#epoch, this.#head);
    if (answer === "replaced") this.#needsBounds = true;
    if (typeof answer !== "object") return;
    this.#receive(answer);
    this.#trimmed(answer.tail);
  }

  async #open(): Promise<void> {
    const { connection, keys, generation, logTtl } = this.#node;
    // Subscribed first: a record that is appended from now on is announced, or is below the head that the script returns.
    if (!this.#isForgotten) await this.#subscriber.follow(this.name);
    const [epoch, tail, head] = await connection.script<
      [string, number, number]
    >(
      OPEN,
      [keys.log(this.name), keys.records(this.name), keys.marks(this.name)],
      [
        this.#epoch,
        `${this.#head}`,
        generation,
        randomId(EPOCH_LENGTH),
        logTtl,
      ],
    );
    this.#needsBounds = false;
    if (epoch !== this.#epoch) {
      if (this.#epoch !== "") this.#appends.replaced();
      return this.#restart(epoch, tail, head);
    }
    this.#trimmed(tail);
    this.#missesRecords = head > this.#head;
  }

  /** Starts the hub's ring again, at the head. */
  #restart(epoch: string, tail: number, head: number): void {
    this.#epoch = epoch;
    this.#tail = tail;
    this.#head = head;
    this.#missesRecords = false;
    if (!this.#isForgotten) {
      this.#node.sink?.opened(this.name, { epoch, tail, head });
    }
    for (const run of [...this.#held.values()]) {
      this.#held.delete(run.offset);
      if ((run.epoch ?? epoch) === epoch) this.#receive(run);
      else run.done?.();
    }
  }

  /** Reads records from the stream whose announcement was lost. */
  async #catchUp(): Promise<void> {
    const found = await readStream(
      this.#node,
      this.name,
      this.#head,
      CATCH_UP_BYTES,
    );
    if (found.epoch !== this.#epoch) return void (this.#needsBounds = true);
    const { offset, records, tail, head } = found;
    // The records may have been announced during the read.
    if (head <= this.#head) return void (this.#missesRecords = false);
    if (
      records.length === 0 || offset > this.#head ||
      head - this.#head > MAX_CATCH_UP
    ) return this.#restart(this.#epoch, tail, head);
    // Up to the held runs: the hub receives its own records as the objects that it appended.
    const next = Math.min(Infinity, ...this.#held.keys());
    this.#receive({ offset, records: records.slice(0, next - offset) });
    this.#trimmed(tail);
    this.#missesRecords = head > this.#head;
  }

  /** Reads records for a cursor below the hub's ring. */
  async read(from: number, maxBytes: number): Promise<StoredRecords> {
    const found = await readStream(this.#node, this.name, from, maxBytes);
    if (found.epoch === this.#epoch) {
      this.#trimmed(found.tail);
      return found;
    }
    // The log was replaced: the check reports it to the hub.
    this.check();
    return { offset: from, records: [] };
  }

  #receive(run: RedisRun): void {
    if (this.#epoch === "" || run.offset > this.#head) return this.#hold(run);
    this.#commit(run);
    for (;;) {
      const next = this.#held.get(this.#head);
      if (next === undefined) break;
      this.#held.delete(this.#head);
      this.#commit(next);
    }
    // The stream may have brought a run that was held.
    for (const [offset, held] of this.#held) {
      if (offset >= this.#head) continue;
      this.#held.delete(offset);
      this.#commit(held);
    }
  }

  #commit({ offset, records, done }: RedisRun): void {
    const fresh = offset === this.#head
      ? records
      : records.slice(this.#head - offset);
    if (fresh.length > 0) {
      const at = this.#head;
      this.#head += fresh.length;
      if (!this.#isForgotten) this.#node.sink?.committed(this.name, at, fresh);
    }
    done?.();
  }

  #hold(run: RedisRun): void {
    // Above the bound, the run is read from the stream later.
    if (this.#held.size < MAX_HELD || run.done !== undefined) {
      this.#held.set(run.offset, run);
    }
    if (this.#isWaiting || this.#epoch === "") return;
    this.#isWaiting = true;
    this.#node.clock.after(REORDER_MS, () => {
      this.#isWaiting = false;
      if (this.#held.size === 0) return;
      this.#missesRecords = true;
      this.sync();
    });
  }

  #trimmed(tail: number): void {
    if (tail <= this.#tail) return;
    this.#tail = tail;
    if (!this.#isForgotten) this.#node.sink?.trimmed(this.name, tail);
  }
}
