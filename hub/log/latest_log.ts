import type { RecordLog } from "./log.ts";
import type { LogRecord } from "./record.ts";
import type { Retention } from "./retention.ts";

/**
 * A ring that keeps the newest record of each key. A replaced record is not lost: readers need only the newest. Its offset
 * has no record any more. A record without a key replaces no record, and is not replaced.
 */
export class LatestLog implements RecordLog {
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

  trim(retention: Retention, now: number): void {
    const oldest = now - retention.maxAgeMs;
    let dropped = 0;
    let bytes = this.#bytes;
    for (const record of this.#records) {
      if (
        this.size - dropped <= retention.maxRecords &&
        bytes <= retention.maxBytes && record.since >= oldest
      ) break;
      bytes -= record.bytes;
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
