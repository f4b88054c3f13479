import { DatabaseSync } from "node:sqlite";

/** What a commit waits for. */
export type Durability =
  /** Until the disk has it (`synchronous=FULL`): it survives a power cut. */
  | "full"
  /** For nothing (`synchronous=OFF`): after an unclean end the logs begin a new epoch, because their ends may be missing. */
  | "relaxed";

/** The file cannot be opened, is no store, or another process has it. */
export class StoreFileError extends Error {
  /** `StoreFileError`. */
  override readonly name = "StoreFileError";
}

/** Written into the file's header, so that any other database is refused: "drum". */
const APPLICATION_ID = 0x6472756d;
/** Goes up when the tables change. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE topics (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  tail INTEGER NOT NULL, head INTEGER NOT NULL, bytes INTEGER NOT NULL
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

/**
 * Opens the file for this process alone, and makes the tables where there are none.
 *
 * @param path the file's path; it is made where it does not exist.
 * @param durability what a commit waits for.
 * @throws {StoreFileError} with one line that says why.
 */
export function openFile(path: string, durability: Durability): DatabaseSync {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path);
    // Another process that has the file is not waited for: it has it until it ends.
    file.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE;");
    file.exec("PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE;");
    prepare(file, path);
    file.exec("COMMIT");
    file.exec(
      `PRAGMA synchronous = ${durability === "full" ? "FULL" : "OFF"}`,
    );
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
    throw new StoreFileError(`'${path}' is a database of something else`);
  }
  const version = pragma("user_version");
  if (version !== SCHEMA_VERSION) {
    throw new StoreFileError(
      `'${path}' has version ${version}; this Drumbeat reads ${SCHEMA_VERSION}`,
    );
  }
}

/** Why the file cannot be opened, in one line. */
export function fileError(path: string, error: unknown): StoreFileError {
  if (error instanceof StoreFileError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const line = /locked|busy/.test(why)
    ? `The store '${path}' is in use by another process`
    : `Cannot open the store '${path}': ${why}`;
  return new StoreFileError(line, { cause: error });
}
