import type { DatabaseSync, StatementSync } from "node:sqlite";

/** How much of each topic's log is kept on disk. */
export interface DiskRetention {
  /** Most records. Default: 1,000,000. */
  readonly maxRecords: number;
  /** Most bytes of records. Default: 256 MiB. */
  readonly maxBytes: number;
  /** Greatest age in ms. Default: 7 days. */
  readonly maxAgeMs: number;
}

/** The default {@linkcode DiskRetention}. */
export const DEFAULT_DISK_RETENTION: DiskRetention = {
  maxRecords: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60 * 1000,
};

/** Records that one step deletes at most: about a millisecond, so that the loop is never held up. */
const STEP_RECORDS = 256;

/** A log's place in the file. */
export interface DiskLog {
  readonly id: number;
  tail: number;
  head: number;
  bytes: number;
}

/** Deletes what is above the retention, a bounded step at a time. */
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

  /** Whether a log is above its bounds of count and bytes. */
  isAbove({ tail, head, bytes }: DiskLog): boolean {
    const { maxRecords, maxBytes } = this.#retention;
    return head - tail > maxRecords || bytes > maxBytes;
  }

  /**
   * Takes one step, in the transaction that is open.
   *
   * @param log the log; its `tail` and `bytes` are moved.
   * @param now the store's time in ms.
   * @returns whether the log may have more to trim.
   */
  step(log: DiskLog, now: number): boolean {
    const { maxRecords, maxBytes, maxAgeMs } = this.#retention;
    let { tail, bytes } = log;
    for (const row of this.#oldest.all(log.id, tail)) {
      const { kept, bytes: size } = row as { kept: number; bytes: number };
      const keep = log.head - tail <= maxRecords && bytes <= maxBytes &&
        kept >= now - maxAgeMs;
      if (keep) break;
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
