import type { LogRecord } from "./record.ts";
import type { Retention } from "./retention.ts";

/** The ring of a topic's newest records, bounded by {@linkcode Retention}. */
export interface Ring {
  /** The oldest offset that was not dropped; `head` for an empty ring. */
  readonly tail: number;
  /** The offset of the next record. */
  readonly head: number;
  /** The number of records. */
  readonly size: number;
  /** The bytes of the records. */
  readonly bytes: number;
  /** The bytes of memory that the records take, roughly. */
  readonly memoryBytes: number;
  /** Appends records at `head`. No record is dropped before the next call of {@linkcode trim}. */
  append(records: readonly LogRecord[]): void;
  /** Continues at an offset above `head`: the offsets in between have no record. */
  skip(to: number): void;
  /**
   * Returns the record at an offset.
   *
   * @throws {RangeError} when the offset has no record.
   */
  at(offset: number): LogRecord;
  /** Returns the first offset from `offset` on that has a record; `head` if no offset has one. */
  next(offset: number): number;
  /** Returns the offset of the first of the newest `count` records; an offset below `tail` if there are fewer. */
  last(count: number): number;
  /**
   * Drops the oldest records that are above the bounds.
   *
   * @param retention the bounds.
   * @param now the monotonic time in ms.
   * @param maxMemoryBytes the bound of {@linkcode Ring.memoryBytes}. Default: none.
   */
  trim(retention: Retention, now: number, maxMemoryBytes?: number): void;
}

/** The memory of a record in addition to its bytes, measured: the object, the header of its body, and its place in the ring. */
export const RECORD_MEMORY_BYTES = 128;

/** The array is compacted after this many dropped records. */
const COMPACT_AFTER = 256;

/** A ring whose records have contiguous offsets. */
export class ContiguousRing implements Ring {
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

  get memoryBytes(): number {
    return this.#bytes + this.size * RECORD_MEMORY_BYTES;
  }

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += record.bytes;
    }
    this.#head += records.length;
  }

  /** Drops the records below the offset: the ring has no holes. */
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

  trim(
    retention: Retention,
    now: number,
    maxMemoryBytes = Infinity,
  ): void {
    const oldest = now - retention.maxAgeMs;
    while (this.#first < this.#records.length) {
      const record = this.#records[this.#first]!;
      if (
        this.#head - this.#tail <= retention.maxRecords &&
        this.#bytes <= retention.maxBytes && record.since >= oldest &&
        this.memoryBytes <= maxMemoryBytes
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

/**
 * A ring that keeps the newest record of each key. A replaced record is not lost: readers need only the newest. Its offset
 * has no record any more. A record without a key replaces no record, and is not replaced.
 */
export class LatestRing implements Ring {
  /** The offsets that have a record, ascending. */
  readonly #offsets: number[] = [];
  /** The records at these offsets. */
  readonly #records: LogRecord[] = [];
  readonly #byKey = new Map<string, number>();
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
    return this.#offsets.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get memoryBytes(): number {
    return this.#bytes + this.size * RECORD_MEMORY_BYTES;
  }

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { key } = record;
      if (key !== undefined) {
        const replaced = this.#byKey.get(key);
        if (replaced !== undefined) this.#remove(this.#indexOf(replaced), 1);
        this.#byKey.set(key, this.#head);
      }
      this.#offsets.push(this.#head++);
      this.#records.push(record);
      this.#bytes += record.bytes;
    }
  }

  skip(to: number): void {
    this.#head = Math.max(this.#head, to);
  }

  at(offset: number): LogRecord {
    const index = this.#indexOf(offset);
    const record = this.#records[index];
    if (record === undefined || this.#offsets[index] !== offset) {
      throw new RangeError(`No record at ${offset}`);
    }
    return record;
  }

  next(offset: number): number {
    return this.#offsets[this.#indexOf(offset)] ?? this.#head;
  }

  last(count: number): number {
    const { length } = this.#offsets;
    if (count === 0) return this.#head;
    return this.#offsets[length - count] ?? this.#head - count;
  }

  trim(
    retention: Retention,
    now: number,
    maxMemoryBytes = Infinity,
  ): void {
    const oldest = now - retention.maxAgeMs;
    let dropped = 0;
    let bytes = this.#bytes;
    let { memoryBytes } = this;
    for (const record of this.#records) {
      if (
        this.size - dropped <= retention.maxRecords &&
        bytes <= retention.maxBytes && record.since >= oldest &&
        memoryBytes <= maxMemoryBytes
      ) break;
      bytes -= record.bytes;
      memoryBytes -= record.bytes + RECORD_MEMORY_BYTES;
      dropped++;
    }
    if (dropped === 0) return;
    this.#tail = this.#offsets[dropped - 1]! + 1;
    this.#remove(0, dropped);
  }

  /** Removes records and their keys. */
  #remove(index: number, count: number): void {
    this.#offsets.splice(index, count);
    for (const { bytes, key } of this.#records.splice(index, count)) {
      this.#bytes -= bytes;
      if (key !== undefined) this.#byKey.delete(key);
    }
  }

  /** Returns the index of the first offset from `offset` on. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
