import { DatabaseSync } from "node:sqlite";

/**
 * The error of a file that cannot be opened, that is not a store, or that another process has open.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { sqliteStore, StoreFileError } from "./store.ts";
 *
 * assertThrows(
 *   () => createHub({ store: sqliteStore("/no/such/folder/file") }),
 *   StoreFileError,
 *   "Cannot open the store '/no/such/folder/file'",
 * );
 * ```
 */
export class StoreFileError extends Error {
  /** `StoreFileError`. */
  override readonly name = "StoreFileError";
}

/** The mark in the file's header ("drum"): a database without it is rejected. */
const APPLICATION_ID = 0x6472756d;
/** The version of the tables. */
const SCHEMA_VERSION = 2;

const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE topics (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  tail INTEGER NOT NULL, head INTEGER NOT NULL, bytes INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE records (
  topic INTEGER NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, at INTEGER NOT NULL,
  kept INTEGER NOT NULL, bytes INTEGER NOT NULL, body NOT NULL, PRIMARY KEY (topic, offset)
) WITHOUT ROWID;
CREATE TABLE sessions (session TEXT PRIMARY KEY, expires INTEGER) WITHOUT ROWID;
CREATE INDEX expiring ON sessions (expires) WHERE expires IS NOT NULL;
CREATE TABLE outcomes (
  session TEXT NOT NULL, id INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (session, id)
) WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Converts the tables of version 1, which did not keep the time at which a log was used last. */
const FROM_VERSION_1 = `
ALTER TABLE topics ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
`;

/**
 * Opens the file for this process alone, and creates the tables in a new file. A commit waits for the disk.
 *
 * @param path the file's path; the file is created if it does not exist.
 * @throws {StoreFileError} with a message of one line.
 */
export function openFile(path: string): DatabaseSync {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path);
    // Not waited for: a process that has the file keeps it until it ends.
    file.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE;");
    file.exec("PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE;");
    prepare(file, path);
    file.exec("COMMIT");
    file.exec("PRAGMA synchronous = FULL");
    return file;
  } catch (error) {
    file?.close();
    throw fileError(path, error);
  }
}

function prepare(file: DatabaseSync, path: string): void {
  const pragma = (name: string) =>
    file.prepare(`PRAGMA ${name}`).get()![name] as number;
  const application = pragma("application_id");
  const isNew = application === 0 &&
    file.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!.n === 0;
  if (isNew) return file.exec(SCHEMA);
  if (application !== APPLICATION_ID) {
    throw new StoreFileError(
      `Cannot open the store '${path}': it is a database of another program`,
    );
  }
  const version = pragma("user_version");
  if (version === 1) return file.exec(FROM_VERSION_1);
  if (version !== SCHEMA_VERSION) {
    throw new StoreFileError(
      `Cannot open the store '${path}': its version is ${version}, not ${SCHEMA_VERSION}`,
    );
  }
}

/** Makes the error of a file that cannot be opened, with a message of one line. */
export function fileError(path: string, error: unknown): StoreFileError {
  if (error instanceof StoreFileError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const reason = /locked|busy/.test(why) ? "another process has it open" : why;
  return new StoreFileError(`Cannot open the store '${path}': ${reason}`, {
    cause: error,
  });
}
