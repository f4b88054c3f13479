import type { LogRecord } from "./record.ts";
import type { Retention } from "./retention.ts";

/** The newest records of a topic, bounded by {@linkcode Retention}. */
export interface RecordLog {
  /** Below it, records are lost; `head` when empty. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** How many records there are. */
  readonly size: number;
  /** The bytes of the records. */
  readonly bytes: number;
  /** Appends records at `head`. Nothing is trimmed here: a record lives at least until {@linkcode trim}. */
  append(records: readonly LogRecord[]): void;
  /** Goes on at an offset above `head`: those in between have no record. */
  skip(to: number): void;
  /**
   * The record at an offset.
   *
   * @throws {RangeError} when there is none.
   */
  at(offset: number): LogRecord;
  /** The first offset from `offset` on that has a record; `head` where none has. */
  next(offset: number): number;
  /** The offset from which on there are `count` records: below `tail` where there are fewer. */
  last(count: number): number;
  /** Drops what is above the bounds. @param now the monotonic time in ms. */
  trim(retention: Retention, now: number): void;
}

/** Below this many trimmed places the array is left as it is. */
const COMPACT_AFTER = 256;

/** A queue with contiguous offsets. */
export class Log implements RecordLog {
  #records: (LogRecord | undefined)[] = [];
  #first = 0;
  #tail: number;
  #head: number;
  #bytes = 0;

  /** @param head the offset of the first record that will be appended. */
  constructor(head: number) {
    this.#tail = this.#head = head;
  }

  get tail(): number {
    return this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  get size(): number {
    return this.#head - this.#tail;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += record.bytes;
    }
    this.#head += records.length;
  }

  /** A queue has no holes: what is below one is lost. */
  skip(to: number): void {
    if (to <= this.#head) return;
    this.#records = [];
    this.#first = this.#bytes = 0;
    this.#tail = this.#head = to;
  }

  at(offset: number): LogRecord {
    const record = this.#records[this.#first + offset - this.tail];
    if (record === undefined) {
      throw new RangeError(
        `No record at ${offset}: the log has ${this.tail} to ${this.#head}`,
      );
    }
    return record;
  }

  next(offset: number): number {
    return offset;
  }

  last(count: number): number {
    return this.#head - count;
  }

  trim(retention: Retention, now: number): void {
    const oldest = now - retention.maxAgeMs;
    while (this.#first < this.#records.length) {
      const record = this.#records[this.#first]!;
      if (
        this.#head - this.#tail <= retention.maxRecords &&
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
