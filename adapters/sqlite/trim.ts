import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DiskRetention } from "./options.ts";

/** Maximum number of records that one step deletes: about a millisecond, so that the event loop is not held up. */
const STEP_RECORDS = 256;

/** A log's row in the file. */
export interface DiskLog {
  readonly id: number;
  tail: number;
  head: number;
  bytes: number;
}

/** Deletes the records above the retention, in bounded steps. */
export class Trimmer {
  readonly #retention: DiskRetention;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;
  readonly #update: StatementSync;

  constructor(file: DatabaseSync, retention: DiskRetention) {
    this.#retention = retention;
    this.#oldest = file.prepare(
      `SELECT kept, bytes FROM records WHERE topic = ? AND offset >= ? ORDER BY offset LIMIT ${STEP_RECORDS}`,
    );
    this.#delete = file.prepare(
      "DELETE FROM records WHERE topic = ? AND offset < ?",
    );
    this.#update = file.prepare(
      "UPDATE topics SET tail = ?, bytes = ? WHERE id = ?",
    );
  }

  /** Returns `true` when a log is above its bounds of count or bytes. */
  isAbove({ tail, head, bytes }: DiskLog): boolean {
    const { maxRecords, maxBytes } = this.#retention;
    return head - tail > maxRecords || bytes > maxBytes;
  }

  /** Returns `true` when the records of all logs together have more bytes than their bound. */
  isTotalAbove(bytes: number): boolean {
    return bytes > this.#retention.maxTotalBytes;
  }

  /**
   * Takes one step, in the open transaction.
   *
   * @param log the log; its `tail` and `bytes` are moved.
   * @param now the time of the age clock, in ms.
   * @returns `true` when the log may have more to trim.
   */
  step(log: DiskLog, now: number): boolean {
    const { maxRecords, maxBytes, maxAgeMs } = this.#retention;
    return this.#deleteUntil(
      log,
      (kept, tail, bytes) =>
        log.head - tail <= maxRecords && bytes <= maxBytes &&
        kept >= now - maxAgeMs,
    );
  }

  /** Deletes the oldest records of a log, as many as one step deletes. */
  shrink(log: DiskLog): void {
    this.#deleteUntil(log, () => false);
  }

  #deleteUntil(
    log: DiskLog,
    keeps: (kept: number, tail: number, bytes: number) => boolean,
  ): boolean {
    let { tail, bytes } = log;
    for (const row of this.#oldest.all(log.id, tail)) {
      const { kept, bytes: size } = row as { kept: number; bytes: number };
      if (keeps(kept, tail, bytes)) break;
      tail++;
      bytes -= size;
    }
    if (tail === log.tail) return false;
    const full = tail - log.tail === STEP_RECORDS;
    this.#delete.run(log.id, tail);
    this.#update.run(tail, bytes, log.id);
    log.tail = tail;
    log.bytes = bytes;
    return full;
  }
}
