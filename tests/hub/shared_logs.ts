import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Clock } from "../../hub/clock.ts";
import { randomId } from "../../hub/ids.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";

/** Options of {@linkcode SharedLogs}. */
export interface SharedLogsOptions {
  /** `true` if a store answers in a later turn. Default: within the call. */
  readonly late?: boolean;
  /** The most records of a log. A store that reconnects and lacks some reopens the log. Default: all. */
  readonly maxRecords?: number;
  /** `true` if the hub of the session's connection receives a claim of another hub. Default: `true`. */
  readonly reportsClaims?: boolean;
}

interface Log {
  epoch: string;
  tail: number;
  readonly records: LogRecord[];
}

/** Logs and sessions that several hubs share, in one isolate: they assign the offsets. */
export class SharedLogs {
  readonly stores: SharedStore[] = [];
  readonly sessions: MemoryStore;
  /** The store of the hub that has a session's connection. */
  readonly holders: Map<string, SharedStore> = new Map();
  readonly options: SharedLogsOptions;
  readonly #logs = new Map<string, Log>();

  constructor(clock: Clock, options: SharedLogsOptions = {}) {
    this.options = options;
    this.sessions = new MemoryStore(clock);
  }

  /** Creates a store for one more hub. */
  store(clock: Clock): SharedStore {
    const store = new SharedStore(this, clock);
    this.stores.push(store);
    return store;
  }

  /** Loses every log, and reopens them. */
  lose(): void {
    this.#logs.clear();
    for (const store of this.stores) store.reopen();
  }

  log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (log === undefined) {
      log = { epoch: randomId(8), tail: 0, records: [] };
      this.#logs.set(topic, log);
    }
    return log;
  }

  bounds(topic: string): LogBounds {
    const { epoch, tail, records } = this.log(topic);
    return { epoch, tail, head: records.length };
  }

  /** Appends records, and passes them to every store. */
  commit(topic: string, records: readonly LogRecord[]): number {
    const log = this.log(topic);
    const offset = log.records.length;
    log.records.push(...records);
    const { maxRecords = Infinity } = this.options;
    log.tail = Math.max(log.tail, log.records.length - maxRecords);
    for (const store of this.stores) {
      store.appended(topic, offset, records, log.tail);
    }
    return offset;
  }
}

/** The state of the connection between a hub and the logs. */
type Line = "up" | "holds" | "refuses" | "dead";

/** One hub's store over {@linkcode SharedLogs}. */
export class SharedStore implements Store {
  readonly shared = true;
  /** The entries that the hub has appended. */
  entries: Entry[] = [];
  readonly #logs: SharedLogs;
  readonly #clock: Clock;
  /** The next offset that the hub receives, by topic. */
  readonly #open = new Map<string, { epoch: string; next: number }>();
  #sink: StoreSink | undefined;
  #line: Line = "up";
  #waiting: (() => void)[] = [];

  constructor(logs: SharedLogs, clock: Clock) {
    this.#logs = logs;
    this.#clock = clock;
  }

  /**
   * Changes the connection to the logs. When it is `up` again, waiting calls run, and missed records are passed to the hub.
   *
   * @param line `holds`: calls of the hub wait; `refuses`: appends are unavailable; `dead`: no call has an effect, for good.
   */
  set line(line: Line) {
    if (this.#line === "dead") return;
    this.#line = line;
    if (line !== "up") return;
    for (const topic of this.#open.keys()) this.#catchUp(topic);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  /** Reopens the logs: they were lost. */
  reopen(): void {
    for (const topic of this.#open.keys()) {
      this.#answer(() => this.#report(topic));
    }
  }

  appended(
    topic: string,
    offset: number,
    records: readonly LogRecord[],
    tail: number,
  ): void {
    if (this.#line !== "up") return;
    this.#answer(() => {
      const open = this.#open.get(topic);
      // A late answer may contain records that the hub has received meanwhile.
      const fresh = open === undefined ? [] : records.slice(open.next - offset);
      if (open !== undefined && fresh.length > 0) {
        const at = open.next;
        open.next += fresh.length;
        this.#sink?.committed(topic, at, fresh);
        this.#sink?.trimmed(topic, tail);
      }
      if (topic.startsWith("$peer/")) this.#sink?.directMessage?.(topic);
    });
  }

  claimed(session: string): void {
    this.#answer(() => this.#sink?.claimed(session));
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    this.#do(() => this.#answer(() => this.#report(topic)));
  }

  append(entries: readonly Entry[]): void {
    this.entries.push(...entries);
    if (this.#line === "refuses") {
      const code = "unavailable" as const;
      const outcome = { code, message: "The store is away" };
      return this.#answer(() => {
        for (const entry of entries) this.#sink?.settled(entry, outcome);
      });
    }
    this.#do(() => this.#commit(entries));
  }

  read(topic: string, from: number): StoredRecords {
    const { tail, records } = this.#logs.log(topic);
    const offset = Math.max(from, tail);
    return { offset, records: records.slice(offset) };
  }

  forget(topic: string): void {
    this.#open.delete(topic);
  }

  begin(session: string): void {
    this.#logs.sessions.begin(session);
    this.#logs.holders.set(session, this);
  }

  claim(session: string): boolean {
    const { sessions, holders, options } = this.#logs;
    if (!sessions.claim(session)) return false;
    const holder = holders.get(session);
    holders.set(session, this);
    if (holder !== this && options.reportsClaims !== false) {
      holder?.claimed(session);
    }
    return true;
  }

  detach(session: string): void {
    const { sessions, holders } = this.#logs;
    if (this.#line === "dead" || holders.get(session) !== this) return;
    holders.delete(session);
    sessions.detach(session);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#line = "dead";
    return Promise.resolve();
  }

  #commit(entries: readonly Entry[]): void {
    const byTopic = Map.groupBy(entries, ({ topic }) => topic);
    const settled: [Entry, Outcome][] = [];
    for (const [topic, run] of byTopic) {
      const records = run.map(({ record }) => record);
      const offset = this.#logs.commit(topic, records);
      run.forEach((entry, i) => settled.push([entry, { offset: offset + i }]));
    }
    this.#answer(() => {
      for (const [entry, outcome] of settled) {
        this.#sink?.settled(entry, outcome);
      }
    });
  }

  /** Passes the bounds of a log: if the hub has it open, its ring starts again. */
  #report(topic: string): void {
    const bounds = this.#logs.bounds(topic);
    this.#open.set(topic, { epoch: bounds.epoch, next: bounds.head });
    this.#sink?.opened(topic, bounds);
  }

  /** Passes the missed records. If some are not kept, or the log is another one, it passes the bounds instead. */
  #catchUp(topic: string): void {
    const { next, epoch } = this.#open.get(topic)!;
    const log = this.#logs.log(topic);
    if (epoch !== log.epoch || next < log.tail) {
      return this.#answer(() => this.#report(topic));
    }
    const records = log.records.slice(next);
    if (records.length > 0) this.appended(topic, next, records, log.tail);
  }

  #do(run: () => void): void {
    if (this.#line === "up") run();
    else if (this.#line !== "dead") this.#waiting.push(run);
  }

  #answer(run: () => void): void {
    if (this.#line === "dead") return;
    if (this.#logs.options.late) {
      this.#clock.turn(() => this.#line === "dead" || run());
    } else run();
  }
}
