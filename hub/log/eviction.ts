import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import type { Log } from "./log.ts";
import type { Retention } from "./retention.ts";

/** The default bytes of the records of all logs in memory. */
export const DEFAULT_RECORD_BYTES: number = DEFAULT_LIMITS.recordBytes;

/**
 * Eviction continues until the records take this part of their bound: then each eviction frees many bytes, and a hub that is
 * at its bound does not search for the largest log at each append.
 */
const TARGET = 7 / 8;

/** The retention that drops no record: eviction drops by memory only. */
const NO_RETENTION: Retention = {
  maxRecords: Infinity,
  maxBytes: Infinity,
  maxAgeMs: Infinity,
};

/** A log with records, as it was counted last. */
interface Counted {
  readonly address: string | undefined;
  bytes: number;
}

/**
 * The bounds of the records of all logs together, and of the logs that belong to one address. Above a bound, the largest logs
 * lose their oldest records until all of them have the same size and the bound holds.
 */
export class Eviction {
  /** The number of records that were dropped since the start. */
  evicted = 0;
  readonly #limits: Pick<Limits, "recordBytes" | "recordBytesPerAddress">;
  readonly #logs = new Map<Log, Counted>();
  readonly #byAddress = new Map<string, number>();
  #bytes = 0;

  /** @param limits the bounds in bytes. */
  constructor(limits: Pick<Limits, "recordBytes" | "recordBytesPerAddress">) {
    this.#limits = limits;
  }

  /**
   * Counts a log after its records changed, and evicts records above a bound. Not called while cursors move.
   *
   * @param log the log.
   * @param address the address that the log belongs to, as `addressKey` returns it; absent for none.
   */
  count(log: Log, address?: string): void {
    const { memoryBytes } = log.ring;
    const counted = this.#logs.get(log);
    if (counted === undefined) {
      if (memoryBytes === 0) return;
      this.#logs.set(log, { address, bytes: 0 });
    }
    this.#resize(log, memoryBytes);
    const { recordBytes, recordBytesPerAddress } = this.#limits;
    if (
      address !== undefined &&
      this.#bytesOf(address) > recordBytesPerAddress
    ) {
      const logs = [...this.#logs].filter(([, one]) => one.address === address);
      this.#evict(logs, this.#bytesOf(address), recordBytesPerAddress);
    }
    if (this.#bytes > recordBytes) {
      this.#evict([...this.#logs], this.#bytes, recordBytes);
    }
  }

  /** Stops counting a log. */
  forget(log: Log): void {
    this.#resize(log, 0);
  }

  #bytesOf(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  /** Notes the new size of a log. A log without records takes no memory here. */
  #resize(log: Log, bytes: number): void {
    const counted = this.#logs.get(log);
    if (counted === undefined) return;
    const added = bytes - counted.bytes;
    counted.bytes = bytes;
    if (bytes === 0) this.#logs.delete(log);
    this.#bytes += added;
    const { address } = counted;
    if (address === undefined) return;
    const sum = this.#bytesOf(address) + added;
    if (sum === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, sum);
  }

  #evict(
    logs: readonly (readonly [Log, Counted])[],
    bytes: number,
    bound: number,
  ): void {
    const sizes = logs.map(([, counted]) => counted.bytes);
    const most = evictionSize(sizes, bytes - bound * TARGET);
    for (const [log, counted] of logs) {
      if (counted.bytes <= most) continue;
      const { size } = log.ring;
      log.ring.trim(NO_RETENTION, 0, most);
      this.evicted += size - log.ring.size;
      this.#resize(log, log.ring.memoryBytes);
    }
  }
}

/**
 * Returns the size to which the largest logs have to shrink.
 *
 * @param sizes the sizes of all logs.
 * @param excess the sum to free.
 */
function evictionSize(sizes: readonly number[], excess: number): number {
  const sorted = sizes.toSorted((a, b) => b - a);
  let remaining = excess;
  for (const [n, size] of sorted.entries()) {
    // The first n + 1 logs have this size by now.
    const freed = (size - (sorted[n + 1] ?? 0)) * (n + 1);
    if (freed >= remaining) return size - remaining / (n + 1);
    remaining -= freed;
  }
  return 0;
}
