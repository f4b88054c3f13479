import type { DatabaseSync, StatementSync } from "node:sqlite";
import { randomId } from "../../hub/ids.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { StoredRecords } from "../../hub/log/store.ts";
import type { DiskLog } from "./trim.ts";

/** Characters of an epoch. */
const EPOCH_LENGTH = 8;

/** A topic's log in the file. */
export interface TopicLog extends DiskLog {
  readonly name: string;
  readonly epoch: string;
}

/** The logs in the file, in the transaction that is open. */
export class SqliteLogs {
  /** The logs in use; `undefined`: it has to be read again. */
  readonly #byName = new Map<string, TopicLog | undefined>();
  /** Epochs that were told of logs whose row may not be committed. */
  readonly #promised = new Map<string, string>();
  readonly #find: StatementSync;
  readonly #make: StatementSync;
  readonly #next: StatementSync;
  readonly #insert: StatementSync;
  readonly #advance: StatementSync;
  readonly #drop: StatementSync;
  readonly #select: StatementSync;

  constructor(file: DatabaseSync) {
    this.#find = file.prepare("SELECT * FROM topics WHERE name = ?");
    this.#make = file.prepare(
      "INSERT INTO topics (name, epoch, tail, head, bytes) VALUES (?, ?, 0, 0, 0) RETURNING *",
    );
    this.#next = file.prepare(
      "SELECT * FROM topics WHERE id > ? ORDER BY id LIMIT 1",
    );
    this.#insert = file.prepare(
      "INSERT INTO records (topic, offset, sender, at, kept, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#advance = file.prepare(
      "UPDATE topics SET head = ?, bytes = ? WHERE id = ?",
    );
    this.#drop = file.prepare("DELETE FROM topics WHERE id = ?");
    this.#select = file.prepare(
      "SELECT offset, sender, at, bytes, body FROM records WHERE topic = ? AND offset >= ? ORDER BY offset",
    );
  }

  /** Gives every log a new epoch: their ends may be missing, and offsets there must not be given twice. */
  static renew(file: DatabaseSync): void {
    const update = file.prepare("UPDATE topics SET epoch = ? WHERE id = ?");
    for (const { id } of file.prepare("SELECT id FROM topics").all()) {
      update.run(randomId(EPOCH_LENGTH), id as number);
    }
  }

  *[Symbol.iterator](): Generator<TopicLog> {
    for (const log of this.#byName.values()) if (log !== undefined) yield log;
  }

  /** A topic's log, made where there is none. */
  open(name: string): TopicLog {
    let log = this.#byName.get(name);
    if (log === undefined) {
      const row = this.#find.get(name) ??
        this.#make.get(name, this.promise(name));
      log = { ...row as unknown as TopicLog };
      this.#byName.set(name, log);
    }
    return log;
  }

  /** The epoch that a log which is not in the file yet will have: once it is told, it is that one. */
  promise(name: string): string {
    const epoch = this.#promised.get(name) ?? randomId(EPOCH_LENGTH);
    this.#promised.set(name, epoch);
    return epoch;
  }

  /** What was written is in the file. */
  committed(): void {
    for (const name of this.#promised.keys()) {
      if (this.#byName.get(name) !== undefined) this.#promised.delete(name);
    }
  }

  /** The log after the one with this id, the first one after the last. */
  after(id: number): TopicLog | undefined {
    const row = this.#next.get(id) ?? this.#next.get(0);
    if (row === undefined) return undefined;
    return this.#byName.get(row.name as string) ??
      { ...row as unknown as TopicLog };
  }

  /** Takes a log out of the file that nobody uses and that has no records. @returns whether it was one. */
  drop({ id, name, tail, head }: TopicLog): boolean {
    if (tail < head || this.#byName.has(name)) return false;
    this.#drop.run(id);
    return true;
  }

  /** Nobody uses the log now. */
  release(name: string): void {
    this.#byName.delete(name);
    this.#promised.delete(name);
  }

  /** What was written is not in the file: it is read again. */
  undone(): void {
    for (const name of this.#byName.keys()) this.#byName.set(name, undefined);
  }

  /** Writes a record. @param kept the store's time in ms. */
  write(log: TopicLog, offset: number, record: LogRecord, kept: number): void {
    const { from, at, bytes, body } = record;
    this.#insert.run(log.id, offset, from, at, kept, bytes, body);
  }

  /** Writes where a log ends now. */
  advance(log: TopicLog, head: number, bytes: number): void {
    this.#advance.run(head, bytes, log.id);
  }

  /** Reads about `maxBytes` of records from `from` on, at least one if there is any. */
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
