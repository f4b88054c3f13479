import { numberOptions } from "../common/options.ts";
import type { Clock } from "../hub/clock.ts";
import { randomId } from "../hub/ids.ts";
import { Outcomes } from "../hub/log/deduplication.ts";
import type { LogRecord } from "../hub/log/record.ts";
import {
  DEFAULT_STORE_SETTINGS,
  type Entry,
  type Outcome,
  type Store,
  type StoreSettings,
  type StoreSink,
} from "../hub/log/store.ts";

/** The length of an epoch: 48 bits, so that no topic gets the same one twice. */
const EPOCH_LENGTH = 8;

/** Options of {@linkcode MemoryStore}: the settings of its hub. */
export type MemoryStoreOptions = Partial<StoreSettings>;

interface Log {
  readonly epoch: string;
  head: number;
}

interface Session {
  readonly outcomes: Outcomes;
  /** The monotonic time at which it expires; absent while a connection holds it. */
  expiresAt: number | undefined;
}

/**
 * A store in memory. Each call is answered before it returns. It has no `read`: the hub's rings hold all records of the
 * logs, and a record that a ring trims is lost.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../hub.ts";
 * import { MemoryStore } from "./store_memory.ts";
 *
 * await using hub = createHub({
 *   store: (clock, settings) => new MemoryStore(clock, settings),
 * });
 * assertEquals(await hub.broadcast({ type: "chat", text: "hello" }), 0);
 * ```
 */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #settings: StoreSettings;
  readonly #logs = new Map<string, Log>();
  readonly #sessions = new Map<string, Session>();
  /** Sessions without a connection, in the order in which they expire. */
  readonly #detached = new Set<string>();
  #sink: StoreSink | undefined;

  /**
   * Makes an empty store.
   *
   * @param clock the hub's clock.
   * @param options see {@linkcode MemoryStoreOptions}.
   * @throws {TypeError} for an unknown option, {@linkcode RangeError} for a number out of bounds.
   */
  constructor(clock: Clock, options: MemoryStoreOptions = {}) {
    this.#clock = clock;
    this.#settings = numberOptions(
      "Cannot make the store",
      "",
      DEFAULT_STORE_SETTINGS,
      options,
    );
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    const { epoch, head } = this.#log(topic);
    this.#sink?.opened(topic, { epoch, tail: head, head });
  }

  append(entries: readonly Entry[]): void {
    const settled: [Entry, Outcome][] = [];
    const runs = new Map<string, { offset: number; records: LogRecord[] }>();
    for (const entry of entries) {
      const outcomes = entry.session === undefined
        ? undefined
        : this.#sessions.get(entry.session)?.outcomes;
      const known = entry.id === undefined
        ? undefined
        : outcomes?.known(entry.id);
      if (known !== undefined) {
        settled.push([entry, known]);
        continue;
      }
      const log = this.#log(entry.topic);
      let run = runs.get(entry.topic);
      if (run === undefined) {
        runs.set(entry.topic, run = { offset: log.head, records: [] });
      }
      run.records.push(entry.record);
      const outcome = { offset: log.head++ };
      if (entry.id !== undefined) outcomes?.settle(entry.id, outcome);
      settled.push([entry, outcome]);
    }
    for (const [topic, { offset, records }] of runs) {
      this.#sink?.committed(topic, offset, records);
    }
    for (const [entry, outcome] of settled) this.#sink?.settled(entry, outcome);
  }

  forget(topic: string): void {
    this.#logs.delete(topic);
  }

  begin(session: string): void {
    this.#expire();
    this.#sessions.set(session, {
      outcomes: new Outcomes(),
      expiresAt: undefined,
    });
  }

  claim(session: string): boolean {
    this.#expire();
    const found = this.#sessions.get(session);
    if (found === undefined) return false;
    found.expiresAt = undefined;
    this.#detached.delete(session);
    return true;
  }

  detach(session: string): void {
    this.#expire();
    const found = this.#sessions.get(session);
    if (found === undefined) return;
    found.expiresAt = this.#clock.now() + this.#settings.sessionMs;
    this.#detached.add(session);
    for (const oldest of this.#detached) {
      if (this.#detached.size <= this.#settings.sessions) break;
      this.#forget(oldest);
    }
  }

  /** Forgets expired sessions. */
  sweep(): void {
    this.#expire();
  }

  /** Forgets everything. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#logs.clear();
    this.#sessions.clear();
    this.#detached.clear();
    return Promise.resolve();
  }

  #log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      this.#logs.set(topic, log = { epoch: randomId(EPOCH_LENGTH), head: 0 });
    }
    return log;
  }

  /** Forgets expired sessions. All live equally long, so the oldest come first and no timer is needed. */
  #expire(): void {
    const now = this.#clock.now();
    for (const session of this.#detached) {
      if (this.#sessions.get(session)!.expiresAt! > now) break;
      this.#forget(session);
    }
  }

  #forget(session: string): void {
    this.#detached.delete(session);
    this.#sessions.delete(session);
  }
}
