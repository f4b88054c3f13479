import type { Clock } from "../hub/clock.ts";
import { randomId } from "../hub/ids.ts";
import type { LogRecord } from "../hub/log/record.ts";
import type { Entry, Outcome, Store, StoreSink } from "../hub/log/store.ts";
import { Outcomes } from "../hub/log/deduplication.ts";

/** Characters of an epoch: 48 bits, never the same twice for one topic. */
const EPOCH_LENGTH = 8;

/** Options of {@linkcode MemoryStore}. */
export interface MemoryStoreOptions {
  /** How long a session can be resumed after its connection ended, in ms. Default: 120,000. */
  readonly sessionMs?: number;
  /** Sessions that may wait to be resumed; when there are more, the oldest are forgotten. Default: 20,000. */
  readonly sessions?: number;
}

interface Log {
  readonly epoch: string;
  head: number;
}

interface Session {
  readonly outcomes: Outcomes;
  /** The monotonic time at which it expires; absent: a connection holds it. */
  expiresAt: number | undefined;
}

/**
 * Logs and sessions in memory. It answers before each call returns, and has no `read`: the hub's rings are all there is
 * of the logs, and what they trim is gone.
 */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #sessionMs: number;
  readonly #maxParted: number;
  readonly #logs = new Map<string, Log>();
  readonly #sessions = new Map<string, Session>();
  /** Sessions that no connection holds, in the order in which they expire. */
  readonly #parted = new Set<string>();
  #sink: StoreSink | undefined;

  /**
   * Makes an empty store.
   *
   * @param clock the hub's clock.
   * @param options see {@linkcode MemoryStoreOptions}.
   */
  constructor(clock: Clock, options: MemoryStoreOptions = {}) {
    this.#clock = clock;
    const { sessionMs = 120_000, sessions = 20_000 } = options;
    this.#sessionMs = sessionMs;
    this.#maxParted = sessions;
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
    const known = this.#sessions.get(session);
    if (known === undefined) return false;
    known.expiresAt = undefined;
    this.#parted.delete(session);
    return true;
  }

  detach(session: string): void {
    this.#expire();
    const known = this.#sessions.get(session);
    if (known === undefined) return;
    known.expiresAt = this.#clock.now() + this.#sessionMs;
    this.#parted.add(session);
    for (const oldest of this.#parted) {
      if (this.#parted.size <= this.#maxParted) break;
      this.#forget(oldest);
    }
  }

  /** Forgets everything. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#logs.clear();
    this.#sessions.clear();
    this.#parted.clear();
    return Promise.resolve();
  }

  #log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      this.#logs.set(topic, log = { epoch: randomId(EPOCH_LENGTH), head: 0 });
    }
    return log;
  }

  /** The time to live is one for all, so the oldest come first, and no timer is needed. */
  #expire(): void {
    const now = this.#clock.now();
    for (const session of this.#parted) {
      if (this.#sessions.get(session)!.expiresAt! > now) break;
      this.#forget(session);
    }
  }

  #forget(session: string): void {
    this.#parted.delete(session);
    this.#sessions.delete(session);
  }
}
