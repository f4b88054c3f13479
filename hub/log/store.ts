import type { ErrorCode } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import { DEFAULT_LIMITS, DEFAULT_SESSION_MS } from "../limits.ts";
import type { LogRecord } from "./record.ts";

/** The settings of a hub that its store follows. */
export interface StoreSettings {
  /**
   * The time for which a session can be resumed after its connection was closed, in ms.
   *
   * @default 120_000
   */
  readonly sessionMs: number;
  /**
   * Maximum number of sessions without a connection; above it, the store forgets the oldest ones.
   *
   * @default 20_000
   */
  readonly sessions: number;
}

/** The default {@linkcode StoreSettings}. */
export const DEFAULT_STORE_SETTINGS: StoreSettings = {
  sessionMs: DEFAULT_SESSION_MS,
  sessions: DEFAULT_LIMITS.sessions,
};

/** Makes a hub's store: `sqliteStore(path)` of `./sqlite` returns one. The hub passes its clock and settings. */
export type StoreFactory<S extends Store = Store> = (
  clock: Clock,
  settings: StoreSettings,
) => S;

/** A record to append. */
export interface Entry {
  /** The topic's name. */
  readonly topic: string;
  /** The record. */
  readonly record: LogRecord;
  /**
   * The publisher's session. The store appends an entry with the same session and id once.
   *
   * @default none: the entry is not deduplicated
   */
  readonly session?: string | undefined;
  /** The publisher's id of the message, within its session. */
  readonly id?: number | undefined;
}

/** The outcome of an entry: the record's offset, or the code and the reason of a failure. */
export type Outcome = { readonly offset: number } | {
  readonly code: ErrorCode;
  readonly message: string;
};

/** The bounds of a log. */
export interface LogBounds {
  /** The log's epoch: a log that replaces a lost one has another epoch. */
  readonly epoch: string;
  /** The oldest offset that can be read. */
  readonly tail: number;
  /** The offset of the next record. */
  readonly head: number;
  /**
   * The records with which the hub's ring begins, up to `head`.
   *
   * @default none
   */
  readonly recent?: RecentRecords | undefined;
}

/** The newest records of a log. */
export interface RecentRecords {
  /** The oldest offset that was not dropped. */
  readonly tail: number;
  /** The records, ascending. Between two runs, records were replaced (`lag: "latest"`); other topics have one run. */
  readonly runs: readonly StoredRecords[];
}

/**
 * A store of logs and sessions: a port. It assigns epochs and offsets, and keeps the outcome of each publish. It reports
 * through its {@linkcode StoreSink}, within the call or later. The hub delivers a record only after `committed`.
 *
 * The hub reports an exception or a rejection of any method to `onError`. An entry of a failed `append` without an outcome
 * has the outcome `indeterminate`, because the store may have written it.
 */
export interface Store extends AsyncDisposable {
  /**
   * `false` while the store fails: then the hub waits for its records instead of sending gaps.
   *
   * @default true
   */
  readonly healthy?: boolean;
  /**
   * `true` if several hubs share the store. Each hub is informed of the records of all hubs in the topics that it has open,
   * and of those in direct logs ({@linkcode StoreSink.directMessage}).
   *
   * @default false
   */
  readonly shared?: boolean;
  /**
   * `true` if the store itself keeps topics with `durable: false` in memory: the host of several workers does it for all.
   *
   * @default false
   */
  readonly hostsEphemeral?: boolean;
  /** Connects the hub. Called once, before any other method. */
  connect(sink: StoreSink): void;
  /** Opens a topic's log, and creates it if necessary. The store calls `opened`. */
  open(topic: string): void;
  /**
   * Appends the entries of one flush in their order, for all topics together. The store calls `committed` for each topic,
   * then `settled` for each entry. An entry whose session and id were appended before is settled with the first outcome,
   * without another record.
   */
  append(entries: readonly Entry[]): void;
  /**
   * Reads records below the hub's ring: about `maxBytes` of them, and at least one if there is one. The first record may be
   * above `from`, if the records in between were dropped. A store without this method keeps no records below the ring.
   *
   * @throws {Error} (or a rejection) when the log cannot be read.
   */
  read?(
    topic: string,
    from: number,
    maxBytes: number,
  ): StoredRecords | Promise<StoredRecords>;
  /**
   * Returns `false` if a topic has no log: then the hub does not create one to look for records. A store without this method
   * is asked by opening the log.
   */
  has?(topic: string): boolean | Promise<boolean>;
  /** Forgets a topic that the hub does not use any more: its records are older than the topic's retention. */
  forget(topic: string): void;
  /** Begins a session. */
  begin(session: string): void;
  /**
   * Claims a session for a connection of this hub. Its outcomes are kept.
   *
   * @returns `false` if the session does not exist or has expired.
   */
  claim(session: string): boolean | Promise<boolean>;
  /** Detaches a session from its connection: its time to live starts. */
  detach(session: string): void;
  /** Forgets what has expired. The hub calls it regularly. A store with a timer of its own does not have it. */
  sweep?(): void;
}

/** Records with contiguous offsets. */
export interface StoredRecords {
  /** The first record's offset. */
  readonly offset: number;
  /** The records. */
  readonly records: readonly LogRecord[];
}

/** The functions through which a store reports to the hub. */
export interface StoreSink {
  /**
   * The log is open. The store calls it again with another epoch after it replaced a lost log, and with the same epoch if it
   * cannot report the records one by one: then the hub's ring starts again with `recent`, and a reader receives the records
   * in between from `read`, or a gap.
   */
  opened(topic: string, bounds: LogBounds): void;
  /** Records were committed at `offset` and the offsets after it. Records enter a topic's ring only through this call. */
  committed(topic: string, offset: number, records: readonly LogRecord[]): void;
  /** The records below `tail` were deleted. */
  trimmed(topic: string, tail: number): void;
  /** The outcome of an entry: called once for each entry, after its `committed`. */
  settled(entry: Entry, outcome: Outcome): void;
  /**
   * Another hub claimed a session: its connection to this hub is closed with 4505. If this hub claimed the session before,
   * the promise of that claim is settled first.
   */
  claimed(session: string): void;
  /**
   * A record was appended to a direct log. A shared store calls it on every hub, whether the hub has the log open or not;
   * the hub that has the peer opens the log.
   *
   * @param topic the log's name: `$peer/` and the peer's id.
   */
  directMessage?(topic: string): void;
  /** The store failed, for a reason that concerns no single entry. */
  failed(error: unknown): void;
  /**
   * The store works again, or fails without an error of its own to report. The hub also concludes it from `committed` and
   * `failed`; readiness and logs follow.
   */
  health?(works: boolean): void;
}
