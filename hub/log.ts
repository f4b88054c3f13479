import type { LogRecord } from "./record.ts";

/** How much of a topic's log is kept in memory. Whichever bound is reached first trims the oldest records. */
export interface Retention {
  /** Most records. Default: 1,000. */
  readonly maxRecords: number;
  /** Most bytes of records, as they are in a batch. Default: 1 MiB. */
  readonly maxBytes: number;
  /** Greatest age in ms. Default: 120,000. */
  readonly maxAgeMs: number;
}

/** Below this many trimmed places the array is left as it is. */
const COMPACT_AFTER = 256;

/** The newest records of a topic: a queue with contiguous offsets, bounded by {@linkcode Retention}. */
export class Log {
  #records: (LogRecord | undefined)[] = [];
  #first = 0;
  #tail: number;
  #head: number;
  #bytes = 0;

  /** @param head the offset of the first record that will be appended. */
  constructor(head: number) {
    this.#tail = this.#head = head;
  }

  /** The offset of the oldest record; `head` when empty. */
  get tail(): number {
    return this.#tail;
  }

  /** The offset that the next record gets. */
  get head(): number {
    return this.#head;
  }

  /** How many records there are. */
  get size(): number {
    return this.#head - this.#tail;
  }

  /** The bytes of the records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends records at `head`. Nothing is trimmed here: a record lives at least until {@linkcode trim}. */
  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += record.bytes;
    }
    this.#head += records.length;
  }

  /**
   * The record at an offset.
   *
   * @throws {RangeError} when it is not between `tail` and `head`.
   */
  at(offset: number): LogRecord {
    const record = this.#records[this.#first + offset - this.tail];
    if (record === undefined) {
      throw new RangeError(
        `No record at ${offset}: the log has ${this.tail} to ${this.#head}`,
      );
    }
    return record;
  }

  /** Drops what is above the bounds. @param now the monotonic time in ms. */
  trim(retention: Retention, now: number): void {
    const oldest = now - retention.maxAgeMs;
    while (this.#first < this.#records.length) {
      const record = this.#records[this.#first]!;
      if (
        this.size <= retention.maxRecords &&
        this.#bytes <= retention.maxBytes && record.since >= oldest
      ) break;
      this.#records[this.#first++] = undefined;
      this.#bytes -= record.bytes;
      this.#tail++;
    }
    if (this.#first === this.#records.length) {
      this.#records = [];
      this.#first = 0;
    } else if (
      this.#first >= COMPACT_AFTER && this.#first * 2 >= this.#records.length
    ) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
  }
}
