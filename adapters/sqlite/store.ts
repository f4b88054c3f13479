/**
 * A store on disk, in one SQLite file: `node:sqlite`, which is built into Deno. It needs `--allow-read` and
 * `--allow-write` for the file's folder.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../hub/clock.ts";
import type { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  Outcome,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import { type Durability, fileError, openFile } from "./file.ts";
import { SqliteLogs, type TopicLog } from "./logs.ts";
import { SqliteMeta } from "./meta.ts";
import { SqliteSessions } from "./sessions.ts";
import { Transaction } from "./transaction.ts";
import { DEFAULT_DISK_RETENTION, type DiskRetention, Trimmer } from "./trim.ts";
import { Upkeep } from "./maintenance.ts";
import { StoreClock } from "./age_clock.ts";

export { type Durability, StoreFileError } from "./file.ts";
export { DEFAULT_DISK_RETENTION, type DiskRetention } from "./trim.ts";

/** Options of {@linkcode SqliteStore}. */
export interface SqliteStoreOptions extends Partial<DiskRetention> {
  /** How long a session can be resumed after its connection, or the process, ended, in ms. Default: 120,000. */
  readonly sessionMs?: number;
  /**
   * Sessions that may wait to be resumed, those from before the process started included; when there are more, the oldest
   * are forgotten, within seconds. Default: 20,000.
   */
  readonly sessions?: number;
  /** What a commit waits for. Default: `full`. */
  readonly durability?: Durability;
}

/**
 * A store in a SQLite file, to give to `serve` or `createHub`.
 *
 * @param path the file's path; it is made where it does not exist.
 * @param options see {@linkcode SqliteStoreOptions}.
 * @returns a factory: the file is opened when the hub is made.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { sqliteStore } from "./store.ts";
 *
 * const path = await Deno.makeTempFile();
 * await using hub = createHub({ store: sqliteStore(path) });
 * assertEquals(await hub.broadcast({ type: "chat", text: "kept" }), 0);
 * ```
 */
export function sqliteStore(
  path: string,
  options: SqliteStoreOptions = {},
): (
  clock: Clock,
  options: { readonly sessionMs: number; readonly sessions?: number },
) => SqliteStore {
  return (clock, fromHub) =>
    new SqliteStore(path, clock, { ...fromHub, ...options });
}

/** What one append adds to a log. */
interface Addition {
  readonly log: TopicLog;
  readonly offset: number;
  readonly records: LogRecord[];
  bytes: number;
}

/** One append before it is committed. */
interface Staged {
  readonly additions: Map<string, Addition>;
  /** The outcomes of its own, by session and id: a repetition may be in the same append. */
  readonly outcomes: Map<string, Outcome>;
}

/**
 * Logs, sessions and outcomes in a SQLite file that this process has for itself. One transaction a flush; nothing is
 * delivered or acknowledged before it is committed.
 */
export class SqliteStore implements Store {
  readonly #clock: Clock;
  readonly #time: StoreClock;
  readonly #file: DatabaseSync;
  readonly #meta: SqliteMeta;
  readonly #logs: SqliteLogs;
  readonly #sessions: SqliteSessions;
  readonly #transaction: Transaction;
  readonly #upkeep: Upkeep;
  /** Logs that could not be read when they were opened, and were said to be empty. */
  readonly #guessed = new Set<string>();
  #sink: StoreSink | undefined;
  #closed = false;

  /**
   * Opens the file, and makes it where there is none.
   *
   * @param path the file's path.
   * @param clock the hub's clock.
   * @param options see {@linkcode SqliteStoreOptions}.
   * @throws {StoreFileError} when it cannot be opened, is no store of this version, or another process has it.
   */
  constructor(path: string, clock: Clock, options: SqliteStoreOptions = {}) {
    const {
      sessionMs = 120_000,
      sessions = 20_000,
      durability = "full",
      ...retention
    } = options;
    const file = this.#file = openFile(path, durability);
    this.#clock = clock;
    try {
      this.#meta = new SqliteMeta(file);
      this.#time = new StoreClock(clock, this.#meta.time);
      this.#logs = new SqliteLogs(file);
      this.#sessions = new SqliteSessions(file, sessionMs, sessions);
      this.#transaction = new Transaction(file, clock, {
        failed: (error) => this.#sink?.failed(error),
        committed: () => {
          this.#logs.committed();
          this.#sessions.committed();
        },
        rolledBack: () => {
          this.#logs.undone();
          this.#sessions.undone();
        },
      });
      this.#upkeep = new Upkeep({
        clock,
        time: this.#time,
        transaction: this.#transaction,
        meta: this.#meta,
        logs: this.#logs,
        sessions: this.#sessions,
        trimmer: new Trimmer(file, { ...DEFAULT_DISK_RETENTION, ...retention }),
        trimmed: (log) => this.#sink?.trimmed(log.name, log.tail),
      });
      this.#transaction.run(() => {
        if (this.#meta.mayLackRecords) SqliteLogs.renew(file);
        SqliteSessions.renew(file, this.#time.now(), sessionMs);
        this.#meta.started(durability, this.#time.save());
      });
      this.#transaction.commit();
    } catch (error) {
      file.close();
      throw fileError(path, error);
    }
    this.#upkeep.start();
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
  }

  open(topic: string): void {
    const log = this.#transaction.runQuietly(() => this.#logs.open(topic));
    // Where the file fails, subscribers may wait in the topic all the same; publishers are told.
    if (log === undefined) this.#guessed.add(topic);
    else this.#guessed.delete(topic);
    const { epoch, tail, head } = log ??
      { epoch: this.#logs.promise(topic), tail: 0, head: 0 };
    this.#sink?.opened(topic, { epoch, tail, head });
  }

  append(entries: readonly Entry[]): void {
    const staged: Staged = { additions: new Map(), outcomes: new Map() };
    let outcomes: Outcome[];
    try {
      outcomes = this.#transaction.run(() => this.#write(entries, staged));
      this.#transaction.commit();
    } catch (error) {
      this.#transaction.rollBack();
      this.#sink?.failed(error);
      this.#settleUnavailable(entries);
      return;
    }
    for (const [topic, addition] of staged.additions) {
      const { log, offset, records, bytes } = addition;
      if (this.#guessed.delete(topic) && offset > 0) {
        // It was there all the time, and nobody could read it.
        const { epoch, tail } = log;
        this.#sink?.opened(topic, { epoch, tail, head: offset });
      }
      log.head = offset + records.length;
      log.bytes += bytes;
      this.#sink?.committed(topic, offset, records);
      this.#upkeep.grown(log);
    }
    entries.forEach((entry, i) => {
      const outcome = outcomes[i]!;
      const isNew = staged.outcomes.get(keyOf(entry)) === outcome;
      if (isNew) this.#remember(entry, outcome);
      this.#sink?.settled(entry, outcome);
    });
  }

  #write(entries: readonly Entry[], staged: Staged): Outcome[] {
    const kept = this.#time.now();
    const outcomes = entries.map((entry) => {
      const known = staged.outcomes.get(keyOf(entry)) ?? this.#known(entry);
      return known ?? this.#writeOne(entry, kept, staged);
    });
    for (const { log, offset, records, bytes } of staged.additions.values()) {
      this.#logs.advance(log, offset + records.length, log.bytes + bytes);
    }
    return outcomes;
  }

  #writeOne(entry: Entry, kept: number, staged: Staged): Outcome {
    const { topic, record, session, id } = entry;
    let addition = staged.additions.get(topic);
    if (addition === undefined) {
      const log = this.#logs.open(topic);
      addition = { log, offset: log.head, records: [], bytes: 0 };
      staged.additions.set(topic, addition);
    }
    const offset = addition.offset + addition.records.length;
    this.#logs.write(addition.log, offset, record, kept);
    addition.records.push(record);
    addition.bytes += record.bytes;
    const outcome = { offset };
    if (id !== undefined && this.#sessions.outcomes(session) !== undefined) {
      this.#sessions.settle(session!, id, offset);
      staged.outcomes.set(keyOf(entry), outcome);
    }
    return outcome;
  }

  #known({ session, id }: Entry): Outcome | undefined {
    if (id === undefined) return undefined;
    return this.#sessions.outcomes(session)?.known(id);
  }

  /** A committed outcome is what a repeated id gets from now on. */
  #remember({ session, id }: Entry, outcome: Outcome): void {
    const old = this.#sessions.outcomes(session)?.settle(id!, outcome);
    if (old === undefined) return;
    this.#transaction.runQuietly(() => this.#sessions.forget(session!, old));
  }

  #settleUnavailable(entries: readonly Entry[]): void {
    const message = "The log cannot be written now";
    for (const entry of entries) {
      const outcome = this.#known(entry) ??
        { code: "unavailable" as const, message };
      this.#sink?.settled(entry, outcome);
    }
  }

  read(topic: string, from: number, maxBytes: number): StoredRecords {
    return this.#logs.read(topic, from, maxBytes, this.#clock.now());
  }

  forget(topic: string): void {
    // The log stays on disk; its retention ends it.
    this.#logs.release(topic);
    this.#guessed.delete(topic);
  }

  begin(session: string): void {
    this.#transaction.runQuietly(() => this.#sessions.begin(session));
  }

  claim(session: string): boolean {
    try {
      if (!this.#sessions.claim(session, this.#time.now())) return false;
    } catch (error) {
      this.#sink?.failed(error);
      return false;
    }
    this.#transaction.runQuietly(() => this.#sessions.hold(session));
    return true;
  }

  detach(session: string): void {
    const now = this.#time.now();
    this.#transaction.runQuietly(() => this.#sessions.leave(session, now));
  }

  /** Commits what waits and closes the file. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#upkeep.stop();
    this.#transaction.runQuietly(() => {
      this.#sessions.rewrite();
      this.#meta.ended(this.#time.save());
    });
    this.#transaction.commitQuietly();
    this.#file.close();
    return Promise.resolve();
  }
}

function keyOf({ session, id }: Entry): string {
  return `${session} ${id}`;
}
