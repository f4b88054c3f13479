import type { DatabaseSync, StatementSync } from "node:sqlite";
import { randomId } from "../../hub/ids.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { StoredRecords } from "../../hub/log/store.ts";
import type { DiskLog } from "./trim.ts";

/** The length of an epoch. */
const EPOCH_LENGTH = 8;

/**
 * The time for which a log without records keeps its epoch after its last use, in ms. A client that returns within it
 * resumes; with a new epoch it would receive a gap although it missed nothing.
 */
const KEEP_EMPTY_MS = 60 * 60 * 1000;

/** A topic's log in the file. */
export interface TopicLog extends DiskLog {
  readonly name: string;
  readonly epoch: string;
  /** The time of the age clock at which it was used last, in ms. */
  readonly used: number;
}

/** The logs in the file. Every method runs in the open transaction. */
export class SqliteLogs {
  /** The logs in use; `undefined`: the row has to be read again. */
  readonly #byName = new Map<string, TopicLog | undefined>();
  /** The epochs that the hub was given of logs whose row may not be committed. */
  readonly #promised = new Map<string, string>();
  readonly #find: StatementSync;
  readonly #create: StatementSync;
  readonly #next: StatementSync;
  readonly #largest: StatementSync;
  readonly #insert: StatementSync;
  readonly #advance: StatementSync;
  readonly #drop: StatementSync;
  readonly #select: StatementSync;
  readonly #use: StatementSync;

  constructor(file: DatabaseSync) {
    this.#find = file.prepare("SELECT * FROM topics WHERE name = ?");
    this.#create = file.prepare(
      "INSERT INTO topics (name, epoch, tail, head, bytes) VALUES (?, ?, 0, 0, 0) RETURNING *",
    );
    this.#next = file.prepare(
      "SELECT * FROM topics WHERE id > ? ORDER BY id LIMIT 1",
    );
    this.#largest = file.prepare(
      "SELECT *, (SELECT sum(bytes) FROM topics) AS total FROM topics ORDER BY bytes DESC LIMIT 1",
    );
    this.#insert = file.prepare(
      "INSERT INTO records (topic, offset, sender, at, kept, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#advance = file.prepare(
      "UPDATE topics SET head = ?, bytes = ? WHERE id = ?",
    );
    this.#use = file.prepare("UPDATE topics SET used = ? WHERE name = ?");
    this.#drop = file.prepare("DELETE FROM topics WHERE id = ?");
    this.#select = file.prepare(
      "SELECT offset, sender, at, bytes, body FROM records WHERE topic = ? AND offset >= ? ORDER BY offset",
    );
  }

  /** Gives every log a new epoch: its end may be missing, and no offset of an epoch may be given twice. */
  static renew(file: DatabaseSync): void {
    const update = file.prepare("UPDATE topics SET epoch = ? WHERE id = ?");
    for (const { id } of file.prepare("SELECT id FROM topics").all()) {
      update.run(randomId(EPOCH_LENGTH), id as number);
    }
  }

  /**
   * Counts every log as used now: until the process was ended, it may have been in use. Logs with records are included,
   * because the time between two runs may have expired all of them.
   */
  static use(file: DatabaseSync, now: number): void {
    file.prepare("UPDATE topics SET used = ?").run(now);
  }

  *[Symbol.iterator](): Generator<TopicLog> {
    for (const log of this.#byName.values()) if (log !== undefined) yield log;
  }

  /** Returns a topic's log, created if it does not exist. */
  open(name: string): TopicLog {
    let log = this.#byName.get(name);
    if (log === undefined) {
      const row = this.#find.get(name) ??
        this.#create.get(name, this.promise(name));
      log = { ...row as unknown as TopicLog };
      this.#byName.set(name, log);
    }
    return log;
  }

  /** Returns `true` if a topic has a log. */
  has(name: string): boolean {
    return this.#byName.has(name) || this.#promised.has(name) ||
      this.#find.get(name) !== undefined;
  }

  /** Returns the epoch of a log that may not be in the file yet: the log is created with it. */
  promise(name: string): string {
    const epoch = this.#promised.get(name) ?? randomId(EPOCH_LENGTH);
    this.#promised.set(name, epoch);
    return epoch;
  }

  /** The transaction was committed. */
  committed(): void {
    for (const name of this.#promised.keys()) {
      if (this.#byName.get(name) !== undefined) this.#promised.delete(name);
    }
  }

  /** Returns the log after the one with this id; after the last, the first. */
  after(id: number): TopicLog | undefined {
    const row = this.#next.get(id) ?? this.#next.get(0);
    if (row === undefined) return undefined;
    return this.#byName.get(row.name as string) ??
      { ...row as unknown as TopicLog };
  }

  /** Returns the log with the most bytes, and the bytes of all logs. */
  largest():
    | { readonly log: TopicLog; readonly totalBytes: number }
    | undefined {
    const row = this.#largest.get();
    if (row === undefined) return undefined;
    const { total, ...log } = row as unknown as TopicLog & { total: number };
    return { log: this.#byName.get(log.name) ?? log, totalBytes: total };
  }

  /** Deletes a log that has no records and was not used for an hour. @returns `true` when it was deleted. */
  drop({ id, name, tail, head, used }: TopicLog, now: number): boolean {
    if (tail < head || this.#byName.has(name)) return false;
    if (now - used < KEEP_EMPTY_MS) return false;
    this.#drop.run(id);
    return true;
  }

  /** Marks a log as not in use. It stays in the file. */
  forget(name: string): void {
    this.#byName.delete(name);
    this.#promised.delete(name);
  }

  /** Writes the time at which a log was used last. */
  used(name: string, now: number): void {
    this.#use.run(now, name);
  }

  /** The transaction was rolled back: every row has to be read again. */
  rolledBack(): void {
    for (const name of this.#byName.keys()) this.#byName.set(name, undefined);
  }

  /** Writes a record. @param kept the time of the age clock, in ms. */
  write(log: TopicLog, offset: number, record: LogRecord, kept: number): void {
    const { from, at, bytes, body } = record;
    this.#insert.run(log.id, offset, from, at, kept, bytes, body);
  }

  /** Writes a log's head and size. */
  advance(log: TopicLog, head: number, bytes: number): void {
    this.#advance.run(head, bytes, log.id);
  }

  /** Reads about `maxBytes` of records from `from` on, at least one record if the log has one. */
  read(
    name: string,
    from: number,
    maxBytes: number,
    since: number,
  ): StoredRecords {
    const records: LogRecord[] = [];
    let offset = from;
    let left = maxBytes;
    for (const row of this.#select.iterate(this.open(name).id, from)) {
      if (records.length === 0) offset = row.offset as number;
      left -= row.bytes as number;
      if (records.length > 0 && left < 0) break;
      const body = row.body as string | Uint8Array<ArrayBuffer>;
      const sender = row.sender as string;
      records.push(new LogRecord(sender, row.at as number, since, body));
    }
    return { offset, records };
  }
}
