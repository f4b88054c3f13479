import { checkNames, checkOneOf, numberOptions } from "../../common/options.ts";
import {
  DEFAULT_STORE_SETTINGS,
  type StoreSettings,
} from "../../hub/log/store.ts";

/** The retention of each topic's log on disk, and the bound of all of them. */
export interface DiskRetention {
  /**
   * Maximum number of records of a log.
   *
   * @default 1_000_000
   */
  readonly maxRecords: number;
  /**
   * Maximum bytes of a log's records.
   *
   * @default 268_435_456 (256 MiB)
   */
  readonly maxBytes: number;
  /**
   * The greatest age of a record, in ms.
   *
   * @default 604_800_000 (7 days)
   */
  readonly maxAgeMs: number;
  /**
   * Maximum bytes of the records of all logs. Above it, the largest log loses its oldest records.
   *
   * @default 4_294_967_296 (4 GiB)
   */
  readonly maxTotalBytes: number;
}

/** The default {@linkcode DiskRetention}. */
export const DEFAULT_DISK_RETENTION: DiskRetention = {
  maxRecords: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60 * 1000,
  maxTotalBytes: 4 * 1024 ** 3,
};

/** The event that a commit waits for. */
export type Durability =
  /** A commit waits until the disk has written its records (`synchronous=FULL`): they survive a power failure. */
  | "full"
  /**
   * A commit does not wait for the disk (`synchronous=OFF`). When the process did not close the file, the logs begin a new
   * epoch, because their last records may be missing.
   */
  | "relaxed";

/** Options of {@linkcode sqliteStore}. */
export interface SqliteStoreOptions extends Partial<DiskRetention> {
  /**
   * The event that a commit waits for.
   *
   * @default "full"
   */
  readonly durability?: Durability;
  /**
   * `true` commits in a worker: a slow disk does not stop the hub's event loop. It costs CPU and throughput on a fast disk,
   * needs `--allow-read` for this package if it is a folder on disk, and keeps the process alive until the hub is closed.
   *
   * @default false
   */
  readonly worker?: boolean;
}

/** {@linkcode SqliteStoreOptions} with their defaults. */
export interface SqliteSettings extends DiskRetention, StoreSettings {
  readonly durability: Durability;
}

/** Options of the stores: those of the file, and the settings of the hub. */
export type SqliteOptions =
  & Omit<SqliteStoreOptions, "worker">
  & Partial<StoreSettings>;

const ACTION = "Cannot open the store";

/**
 * Rejects unknown options. `sessionMs` and `sessions` are unknown here: the hub owns them.
 *
 * @throws {TypeError} for an unknown option.
 */
export function checkSqliteNames(options: SqliteStoreOptions): void {
  checkNames(ACTION, options, {
    durability: true,
    worker: true,
    ...DEFAULT_DISK_RETENTION,
  });
  const { worker } = options;
  if (worker !== undefined && typeof worker !== "boolean") {
    throw new TypeError(
      `${ACTION}: the option 'worker' must be true or false, not ${worker}`,
    );
  }
}

/**
 * Checks the options, and fills in the defaults.
 *
 * @throws {TypeError} for an unknown option or a wrong type, {@linkcode RangeError} for a number out of bounds.
 */
export function sqliteSettings(options: SqliteOptions): SqliteSettings {
  const defaults = { ...DEFAULT_DISK_RETENTION, ...DEFAULT_STORE_SETTINGS };
  checkNames(ACTION, options, { durability: true, ...defaults });
  const { durability = "full", ...numbers } = options;
  checkOneOf(ACTION, "durability", durability, ["full", "relaxed"]);
  return { durability, ...numberOptions(ACTION, "", defaults, numbers) };
}
