import type { ErrorCode } from "../../messages.ts";
import type { Clock } from "../clock.ts";
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
   * The sessions without a connection; above it, the store forgets the oldest.
   *
   * @default 20_000
   */
  readonly sessions: number;
}

/** The settings of a store that no hub has given others. */
export const DEFAULT_STORE_SETTINGS: StoreSettings = {
  sessionMs: 120_000,
  sessions: 20_000,
};

/** Makes a hub's store: `sqliteStore(path)` of `./sqlite` returns one. The hub passes its clock and settings. */
export type StoreFactory<S extends Store = Store> = (
  clock: Clock,
  settings: StoreSettings,
) => S;

/** A publish on its way into a log. */
export interface Entry {
  /** The topic's name. */
  readonly topic: string;
  /** What is published. */
  readonly record: LogRecord;
  /** The publisher's session and its id for this publish: together they land once. Absent: nothing to deduplicate. */
  readonly session?: string | undefined;
  /** See `session`. */
  readonly id?: number | undefined;
}

/** How a publish ended: at an offset, or refused. */
export type Outcome = { readonly offset: number } | {
  readonly code: ErrorCode;
  readonly message: string;
};

/** Where a log begins and ends: `tail` is the oldest offset it can still give, `head` the next one to be written. */
export interface LogBounds {
  /** Which log it is: another one was lost and made anew. */
  readonly epoch: string;
  /** The oldest offset that the log can still give. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** What the hub's ring begins with, up to `head`. Absent: nothing. */
  readonly recent?: RecentRecords | undefined;
}

/** The newest records of a log, as a store that keeps them hands them out. */
export interface RecentRecords {
  /** Below it, the ring has lost records. */
  readonly tail: number;
  /** The records, ascending. Between two runs lies what was replaced (`lag: "latest"`); other topics have one run. */
  readonly runs: readonly StoredRecords[];
}

/**
 * Where logs and sessions live. It owns epochs, offsets and the outcome of each publish, and answers through the
 * {@linkcode StoreSink}; it may answer before the call returns. What `committed` was not called for is not delivered.
 */
export interface Store extends AsyncDisposable {
  /** Whether it takes what is published, as far as it knows. Absent: it always does, or says so for each publish. */
  readonly healthy?: boolean;
  /**
   * Whether several hubs have their logs in it. Each is told of what all of them append to the topics that it has open, and
   * {@linkcode StoreSink.directMessage} of the peers' own logs. Default: `false`.
   */
  readonly shared?: boolean;
  /** Called once, before anything else. */
  connect(sink: StoreSink): void;
  /** Opens a topic's log, making it where there is none. Answered by `opened`. */
  open(topic: string): void;
  /**
   * Commits what one flush gathered, all topics together, in order. Answered by `committed` for each topic, then by
   * `settled` for each entry. A repeated (session, id) is settled with its first outcome and not written again.
   */
  append(entries: readonly Entry[]): void;
  /**
   * Reads records below the hub's ring, from `from` on, about `maxBytes` of them, at least one if there is any. The
   * first may be above `from`: what lies between was trimmed. A store without `read` keeps nothing below the ring.
   *
   * @throws when the log cannot be read (or rejects).
   */
  read?(
    topic: string,
    from: number,
    maxBytes: number,
  ): StoredRecords | Promise<StoredRecords>;
  /** The topic is forgotten: nobody asked for it for longer than its records live. */
  forget(topic: string): void;
  /** Starts a session. */
  begin(session: string): void;
  /** Takes a session over. `true`: it is known and has not expired, and its outcomes count on. */
  claim(session: string): boolean | Promise<boolean>;
  /** The session's connection is gone: its time to live starts now. */
  detach(session: string): void;
}

/** A run of records: the first one's offset, and contiguous records. */
export interface StoredRecords {
  /** The first record's offset. */
  readonly offset: number;
  /** Contiguous records. */
  readonly records: readonly LogRecord[];
}

/** What a store tells the hub. */
export interface StoreSink {
  /**
   * The log is there. Told again when it was lost and made anew: then the epoch differs. Told again with the same epoch
   * when the store cannot go on record by record: the hub's ring begins anew at the new head, with what is `recent`, and
   * what lies between can be read, or is a gap.
   */
  opened(topic: string, bounds: LogBounds): void;
  /** Records are committed at `offset` and on. The only way into a topic's ring. */
  committed(topic: string, offset: number, records: readonly LogRecord[]): void;
  /** Records below `tail` are gone from the store. */
  trimmed(topic: string, tail: number): void;
  /** How an entry ended: becomes the ack or the error. Called once for each entry, after its `committed`. */
  settled(entry: Entry, outcome: Outcome): void;
  /**
   * The session was claimed on another node: its connection here is closed with 4505. Told after the promise of a claim
   * that was granted here before it.
   */
  claimed(session: string): void;
  /**
   * A record was appended to a peer's own log, `$peer/` and its id, whether this hub has it open or not. A shared store
   * calls it on every node; the one that has the peer opens the log.
   */
  directMessage?(topic: string): void;
  /** Something failed that is no single entry's fault. */
  failed(error: unknown): void;
}
