import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../hub/clock.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import { AgeClock } from "./age_clock.ts";
import { SqliteAppends } from "./appends.ts";
import { fileError, openFile } from "./file.ts";
import { SqliteLogs, type TopicLog } from "./logs.ts";
import { Maintenance } from "./maintenance.ts";
import { ProcessRecord } from "./process_record.ts";
import { type SqliteOptions, sqliteSettings } from "./options.ts";
import { SqliteSessions } from "./sessions.ts";
import { Transaction } from "./transaction.ts";
import { Trimmer } from "./trim.ts";

/**
 * A store of logs, sessions and outcomes in a SQLite file that this process has for itself. Each append is one transaction.
 * Every call is answered before it returns, after the commit: the event loop waits for the disk. Nothing is delivered or
 * acknowledged before it is committed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { SqliteStore } from "./loop_store.ts";
 *
 * const path = await Deno.makeTempFile();
 * await using hub = createHub({
 *   store: (clock, settings) => new SqliteStore(path, clock, settings),
 * });
 * assertEquals(await hub.broadcast({ type: "chat", text: "kept" }), 0);
 * ```
 */
export class SqliteStore implements Store {
  readonly #clock: Clock;
  readonly #time: AgeClock;
  readonly #file: DatabaseSync;
  readonly #processRecord: ProcessRecord;
  readonly #logs: SqliteLogs;
  readonly #sessions: SqliteSessions;
  readonly #transaction: Transaction;
  readonly #maintenance: Maintenance;
  readonly #appends: SqliteAppends;
  /** The topics that the file failed to open and that the hub was given as empty. */
  readonly #unread = new Set<string>();
  #sink: StoreSink | undefined;
  #isClosed = false;

  /**
   * Opens the file, and creates it if it does not exist.
   *
   * @param path the file's path.
   * @param clock the hub's clock.
   * @param options see {@linkcode SqliteOptions}.
   * @throws {StoreFileError} when the file cannot be opened, is not a store of this version, or another process has it.
   * @throws {TypeError} for an unknown option or a wrong type, {@linkcode RangeError} for a number out of bounds.
   */
  constructor(path: string, clock: Clock, options: SqliteOptions = {}) {
    const settings = sqliteSettings(options);
    const { durability, sessionMs } = settings;
    const file = this.#file = openFile(path);
    this.#clock = clock;
    try {
      this.#processRecord = new ProcessRecord(file);
      this.#time = new AgeClock(clock, this.#processRecord.time);
      this.#logs = new SqliteLogs(file);
      this.#sessions = new SqliteSessions(file, settings);
      this.#transaction = new Transaction(file, clock, {
        failed: (error) => this.#sink?.failed(error),
        committed: () => {
          this.#logs.committed();
          this.#sessions.committed();
        },
        rolledBack: () => {
          this.#logs.rolledBack();
          this.#sessions.rolledBack();
        },
      });
      this.#maintenance = new Maintenance({
        clock,
        time: this.#time,
        transaction: this.#transaction,
        processRecord: this.#processRecord,
        logs: this.#logs,
        sessions: this.#sessions,
        trimmer: new Trimmer(file, settings),
        trimmed: (log) => this.#sink?.trimmed(log.name, log.tail),
      });
      this.#transaction.run(() => {
        if (this.#processRecord.mayLackRecords) SqliteLogs.renew(file);
        SqliteLogs.use(file, this.#time.now());
        SqliteSessions.renew(file, this.#time.now(), sessionMs);
        this.#processRecord.opened(durability, this.#time.save());
      });
      this.#transaction.commit();
      // After the mark of this process is on the disk: a power failure must not remove it together with the records.
      if (durability === "relaxed") file.exec("PRAGMA synchronous = OFF");
    } catch (error) {
      file.close();
      throw fileError(path, error);
    }
    this.#appends = new SqliteAppends({
      logs: this.#logs,
      sessions: this.#sessions,
      transaction: this.#transaction,
      time: this.#time,
      opened: (log, head) => this.#reopened(log, head),
      grown: (log) => this.#maintenance.grown(log),
    });
    this.#maintenance.start();
  }

  connect(sink: StoreSink): void {
    this.#sink = sink;
    this.#appends.sink = sink;
  }

  open(topic: string): void {
    const log = this.#transaction.runSoon(() => this.#logs.open(topic));
    // While the file fails, peers may subscribe all the same; publishes are answered with an error.
    if (log === undefined) this.#unread.add(topic);
    else this.#unread.delete(topic);
    const { epoch, tail, head } = log ??
      { epoch: this.#logs.promise(topic), tail: 0, head: 0 };
    this.#sink?.opened(topic, { epoch, tail, head });
  }

  append(entries: readonly Entry[]): void {
    this.#appends.append(entries);
  }

  /** Corrects the bounds of a log that the file failed to open. */
  #reopened({ name, epoch, tail }: TopicLog, head: number): void {
    if (!this.#unread.delete(name) || head === 0) return;
    this.#sink?.opened(name, { epoch, tail, head });
  }

  read(topic: string, from: number, maxBytes: number): StoredRecords {
    return this.#logs.read(topic, from, maxBytes, this.#clock.now());
  }

  has(topic: string): boolean {
    try {
      return this.#logs.has(topic);
    } catch {
      // While the file fails, the log may be in it.
      return true;
    }
  }

  forget(topic: string): void {
    // The log stays on disk until its retention ends.
    this.#logs.forget(topic);
    this.#unread.delete(topic);
    const now = this.#time.now();
    this.#transaction.runSoon(() => this.#logs.used(topic, now));
  }

  begin(session: string): void {
    this.#transaction.runSoon(() => this.#sessions.begin(session));
  }

  claim(session: string): boolean {
    try {
      if (!this.#sessions.claim(session, this.#time.now())) return false;
    } catch (error) {
      this.#sink?.failed(error);
      return false;
    }
    this.#transaction.runSoon(() => this.#sessions.hold(session));
    return true;
  }

  detach(session: string): void {
    const now = this.#time.now();
    this.#transaction.runSoon(() => this.#sessions.detach(session, now));
  }

  /** Commits every write and closes the file. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#maintenance.stop();
    this.#transaction.runSoon(() => {
      this.#sessions.rewrite();
      this.#processRecord.closed(this.#time.save());
    });
    this.#transaction.commitOrReport();
    this.#file.close();
    return Promise.resolve();
  }
}
