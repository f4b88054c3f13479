import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Clock } from "../../hub/clock.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";

/** Options of {@linkcode DeepStore}. */
export interface DeepStoreOptions {
  /** `true`: reads wait for `answer`. Default: `false`. */
  readonly slow?: boolean;
  /** `true`: opening a log waits for `answer`. Default: `false`. */
  readonly slowToOpen?: boolean;
  /** The time to live of a session without a connection, in ms. Default: 120,000. */
  readonly sessionMs?: number;
  /** The most sessions without a connection. Default: 20,000. */
  readonly sessions?: number;
}

/** A store that keeps every record below the hub's rings. A test can hold back its answers. */
export class DeepStore implements Store {
  readonly #memory: MemoryStore;
  readonly #options: DeepStoreOptions;
  readonly #logs = new Map<string, (LogRecord | undefined)[]>();
  #waiting: (() => void)[] = [];
  #sink: StoreSink | undefined;
  /** The store's health. */
  healthy = true;
  /** The error that reads fail with. */
  failure: Error | undefined;
  /** The error that the next append throws. */
  appendFailure: Error | undefined;

  constructor(clock: Clock, options: DeepStoreOptions = {}) {
    const { slow: _, slowToOpen: __, ...settings } = options;
    this.#memory = new MemoryStore(clock, settings);
    this.#options = options;
  }

  /** Calls that wait for an answer. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Answers every call that waits. */
  async answer(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
    // The hub receives the answers in the microtasks that follow.
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }

  get sink(): StoreSink {
    return this.#sink!;
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
    this.#memory.connect({
      opened: (topic, bounds) =>
        sink.opened(topic, { ...bounds, tail: this.#tail(topic) }),
      committed: (topic, offset, records) => {
        const log = this.#logs.get(topic) ?? [];
        this.#logs.set(topic, [...log, ...records]);
        sink.committed(topic, offset, records);
      },
      trimmed: (topic, tail) => sink.trimmed(topic, tail),
      settled: (entry, outcome) => sink.settled(entry, outcome),
      claimed: (session) => sink.claimed(session),
      failed: (error) => sink.failed(error),
    });
  }

  open(topic: string): void {
    if (!this.#options.slowToOpen) this.#memory.open(topic);
    else this.#waiting.push(() => this.#memory.open(topic));
  }

  append(entries: readonly Entry[]): void {
    const failure = this.appendFailure;
    this.appendFailure = undefined;
    if (failure !== undefined) throw failure;
    this.#memory.append(entries);
  }

  /** Drops the records below an offset. */
  trim(topic: string, tail: number): void {
    this.#logs.get(topic)?.fill(undefined, 0, tail);
    this.#sink?.trimmed(topic, tail);
  }

  read(
    topic: string,
    from: number,
    maxBytes: number,
  ): StoredRecords | Promise<StoredRecords> {
    const find = () => {
      if (this.failure !== undefined) throw this.failure;
      return this.#find(topic, from, maxBytes);
    };
    if (!this.#options.slow) return find();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(find());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  forget(topic: string): void {
    this.#logs.delete(topic);
    this.#memory.forget(topic);
  }

  begin(session: string): void {
    this.#memory.begin(session);
  }

  claim(session: string): boolean {
    return this.#memory.claim(session);
  }

  detach(session: string): void {
    this.#memory.detach(session);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#memory[Symbol.asyncDispose]();
  }

  #tail(topic: string): number {
    const log = this.#logs.get(topic) ?? [];
    const first = log.findIndex((record) => record !== undefined);
    return first < 0 ? log.length : first;
  }

  #find(topic: string, from: number, maxBytes: number): StoredRecords {
    const offset = Math.max(from, this.#tail(topic));
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const record of (this.#logs.get(topic) ?? []).slice(offset)) {
      bytes += record!.bytes;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push(record!);
    }
    return { offset, records };
  }
}
