import type { Cancel, Clock } from "../../hub/clock.ts";
import type { AgeClock } from "./age_clock.ts";
import type { SqliteLogs, TopicLog } from "./logs.ts";
import type { ProcessRecord } from "./process_record.ts";
import type { SqliteSessions } from "./sessions.ts";
import type { Transaction } from "./transaction.ts";
import type { Trimmer } from "./trim.ts";

/** The interval at which sessions are swept and one topic is trimmed by age, in ms. */
const INTERVAL_MS = 1000;
/** The interval while one step was not enough, in ms. */
const CATCH_UP_MS = 20;

/** The parts of the store that {@linkcode Maintenance} works on. */
export interface MaintenanceContext {
  readonly clock: Clock;
  readonly time: AgeClock;
  readonly transaction: Transaction;
  readonly processRecord: ProcessRecord;
  readonly logs: SqliteLogs;
  readonly sessions: SqliteSessions;
  readonly trimmer: Trimmer;
  /** Called when a log's tail has moved. */
  trimmed(log: TopicLog): void;
}

/** Deletes expired sessions and records, in steps that do not hold up the event loop. */
export class Maintenance {
  readonly #context: MaintenanceContext;
  #cancel: Cancel | undefined;
  /** The id of the log that was trimmed by age last. */
  #lastId = 0;
  #isTrimming = false;
  #isStopped = false;

  constructor(context: MaintenanceContext) {
    this.#context = context;
  }

  /** Starts the timer. */
  start(): void {
    this.#schedule(INTERVAL_MS);
  }

  /** Stops the timer for good. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Trims a log that has new records, soon, if it is above its retention. */
  grown(log: TopicLog): void {
    if (this.#context.trimmer.isAbove(log)) this.#trimSoon();
  }

  #schedule(ms: number): void {
    const { clock, transaction } = this.#context;
    this.#cancel = clock.after(ms, () => {
      const isBehind = transaction.runSoon(() => this.#step());
      this.#schedule(isBehind ? CATCH_UP_MS : INTERVAL_MS);
    }, { background: true });
  }

  /**
   * Saves the time, deletes expired sessions, trims the largest log if all together are above their bound, and trims one log
   * by age. A log that has no records and was not used for an hour is deleted.
   *
   * @returns `true` when there is more to delete.
   */
  #step(): boolean {
    const { processRecord, sessions, logs, time } = this.#context;
    processRecord.saveTime(time.save());
    sessions.rewrite();
    const hasExpired = sessions.sweep(time.now());
    const isAbove = this.#shrinkLargest();
    const log = logs.after(this.#lastId);
    if (log === undefined) return hasExpired;
    const hasAged = this.#trim(log);
    // The next step continues with this log until it is done: it may age faster than its turn comes.
    if (!hasAged) this.#lastId = log.id;
    return logs.drop(log, time.now()) || hasExpired || hasAged || isAbove;
  }

  /** Deletes the oldest records of the largest log if all logs together are above their bound. @returns `true` if so. */
  #shrinkLargest(): boolean {
    const { logs, trimmer, trimmed } = this.#context;
    const largest = logs.largest();
    if (largest === undefined || !trimmer.isTotalAbove(largest.totalBytes)) {
      return false;
    }
    trimmer.shrink(largest.log);
    trimmed(largest.log);
    return true;
  }

  #trimSoon(): void {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    const { clock, transaction, logs, trimmer } = this.#context;
    clock.after(0, () => {
      this.#isTrimming = false;
      if (this.#isStopped) return;
      transaction.runSoon(() => {
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
