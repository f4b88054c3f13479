/**
 * A store on disk, in one SQLite file: `node:sqlite`, which is built into Deno. It needs `--allow-read` and
 * `--allow-write` for the file's folder.
 *
 * @module
 */
import type { StoreFactory } from "../../hub/log/store.ts";
import { SqliteStore } from "./loop_store.ts";
import {
  checkSqliteNames,
  sqliteSettings,
  type SqliteStoreOptions,
} from "./options.ts";
import { SqliteWorkerStore } from "./worker_store.ts";

export { StoreFileError } from "./file.ts";
export { SqliteStore } from "./loop_store.ts";
export { SqliteWorkerStore } from "./worker_store.ts";
export {
  DEFAULT_DISK_RETENTION,
  type DiskRetention,
  type Durability,
  type SqliteOptions,
  type SqliteStoreOptions,
} from "./options.ts";

/**
 * Makes the factory of a store in a SQLite file, for the option `store` of `serve` or `createHub`.
 *
 * @param path the file's path; the file is created if it does not exist.
 * @param options see {@linkcode SqliteStoreOptions}.
 * @returns the factory. It opens the file, and throws a {@linkcode StoreFileError} when it cannot.
 * @throws {TypeError} for an unknown option or a wrong type, {@linkcode RangeError} for a number out of bounds.
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
): StoreFactory<SqliteStore | SqliteWorkerStore> {
  checkSqliteNames(options);
  const { worker = false, ...file } = options;
  sqliteSettings(file);
  return (clock, settings) =>
    worker
      ? new SqliteWorkerStore(path, clock, { ...file, ...settings })
      : new SqliteStore(path, clock, { ...file, ...settings });
}
