import type { Cancel, Clock } from "../../hub/clock.ts";
import type { SqliteLogs, TopicLog } from "./logs.ts";
import type { SqliteMeta } from "./meta.ts";
import type { SqliteSessions } from "./sessions.ts";
import type { Transaction } from "./transaction.ts";
import type { Trimmer } from "./trim.ts";
import type { StoreClock } from "./age_clock.ts";

/** How often sessions are swept and a topic is trimmed by age, in ms. */
const UPKEEP_MS = 1000;
/** The same while one turn was not enough, in ms. */
const CATCH_UP_MS = 20;

/** What {@linkcode Upkeep} looks after. */
export interface UpkeepContext {
  readonly clock: Clock;
  readonly time: StoreClock;
  readonly transaction: Transaction;
  readonly meta: SqliteMeta;
  readonly logs: SqliteLogs;
  readonly sessions: SqliteSessions;
  readonly trimmer: Trimmer;
  /** A log begins later now. */
  trimmed(log: TopicLog): void;
}

/** Drops what is not kept any more, in turns that are short enough for everybody else. */
export class Upkeep {
  readonly #context: UpkeepContext;
  #stop: Cancel | undefined;
  /** The log that was visited last. */
  #at = 0;
  #isTrimming = false;
  #isOver = false;

  constructor(context: UpkeepContext) {
    this.#context = context;
  }

  /** Starts the timer. */
  start(): void {
    this.#plan(UPKEEP_MS);
  }

  /** Stops it for good. */
  stop(): void {
    this.#isOver = true;
    this.#stop?.();
  }

  /** A log has new records. */
  grown(log: TopicLog): void {
    if (this.#context.trimmer.isAbove(log)) this.#trimSoon();
  }

  #plan(ms: number): void {
    const { clock, transaction } = this.#context;
    this.#stop = clock.after(ms, () => {
      const isBehind = transaction.runQuietly(() => this.#turn());
      this.#plan(isBehind ? CATCH_UP_MS : UPKEEP_MS);
    });
  }

  /**
   * The time, sessions that expired, and the age of one topic after the other. One that is forgotten and has no records
   * left is not kept either.
   *
   * @returns whether there is more to drop.
   */
  #turn(): boolean {
    const { meta, sessions, logs, time } = this.#context;
    meta.saveTime(time.save());
    sessions.rewrite();
    const hasExpired = sessions.sweep(time.now());
    const log = logs.after(this.#at);
    if (log === undefined) return hasExpired;
    const hasAged = this.#trim(log);
    // A topic that ages faster than it is visited is visited until it is through.
    if (!hasAged) this.#at = log.id;
    return logs.drop(log) || hasExpired || hasAged;
  }

  #trimSoon(): void {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    const { clock, transaction, logs, trimmer } = this.#context;
    clock.after(0, () => {
      this.#isTrimming = false;
      if (this.#isOver) return;
      transaction.runQuietly(() => {
        for (const log of logs) {
          if (!trimmer.isAbove(log)) continue;
          this.#trim(log);
          this.grown(log);
        }
      });
    });
  }

  #trim(log: TopicLog): boolean {
    const { trimmer, time, trimmed } = this.#context;
    const hasMore = trimmer.step(log, time.now());
    trimmed(log);
    return hasMore;
  }
}
