import type { Clock } from "../../hub/clock.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { LogBounds, RecentRecords } from "../../hub/log/store.ts";
import type { ErrorCode } from "../../messages.ts";

/** One end of a message channel: a `MessagePort`, or an object with the same members. */
export interface Port {
  /** Sends a message by structured clone. */
  postMessage(message: unknown): void;
  /** Receives messages. Setting it starts the port. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Closes the port: it neither sends nor receives afterwards. */
  close(): void;
}

/** A packed record; its age is in ms. */
export type PackedRecord = [
  from: string,
  at: number,
  age: number,
  body: string | Uint8Array<ArrayBuffer>,
  key?: string | undefined,
];

/** A packed entry. The worker's number names it until it is settled. */
export type PackedEntry = readonly [
  number: number,
  topic: string,
  record: PackedRecord,
  session?: string | undefined,
  id?: number | undefined,
];

/** A request from a worker's store to the host. One message is a list of requests. */
export type HostRequest =
  | readonly ["open", topic: string]
  | readonly ["forget", topic: string]
  | readonly ["append", entries: readonly PackedEntry[]]
  | readonly [
    "read",
    number: number,
    topic: string,
    from: number,
    maxBytes: number,
  ]
  | readonly ["has", number: number, topic: string]
  | readonly ["begin", session: string]
  | readonly ["claim", number: number, session: string]
  | readonly ["detach", session: string]
  /** The worker has received this many bytes of records. */
  | readonly ["received", bytes: number]
  /** The last request. The host answers it with `closed`, after the answers to all others. */
  | readonly ["close"];

/** An event from the host to a worker's store. One message is a list of events. */
export type HostEvent =
  | readonly ["hello", info: HostInfo]
  | readonly ["opened", topic: string, bounds: PackedBounds]
  /** A worker's own records are named by their numbers. */
  | readonly [
    "committed",
    topic: string,
    offset: number,
    records: readonly (PackedRecord | number)[],
  ]
  | readonly ["trimmed", topic: string, tail: number]
  | readonly ["settled", number: number, offset: number]
  | readonly ["rejected", number: number, code: ErrorCode, message: string]
  | readonly ["read", number: number, offset: number, records: PackedRecord[]]
  | readonly ["has", number: number, hasLog: boolean]
  | readonly ["claim", number: number, isClaimed: boolean]
  /** A `read`, a `has` or a `claim` failed. */
  | readonly ["failed", number: number, reason: string]
  | readonly ["claimed", session: string]
  | readonly ["directMessage", topic: string]
  | readonly ["health", health: StoreHealth]
  /** The store failed, for a reason that concerns no single entry. */
  | readonly ["error", reason: string]
  /** The last event: requests without an answer get none. The reason is that of an end which the hub did not ask for. */
  | readonly ["closed", reason?: string];

/** The state of the hosted store: it works, its newest attempt failed, or it reports itself as failing. */
export type StoreHealth = "works" | "doubtful" | "fails";

/** The properties of the hosted store. */
export interface HostInfo {
  /**
   * `true` when several hubs use the store.
   *
   * @default true
   */
  readonly shared?: boolean;
  /** `true` when the store keeps records below the rings. */
  readonly reads: boolean;
  /** The time for which a session can be resumed after its connection was closed, in ms. */
  readonly sessionMs: number;
}

/** Packed {@linkcode LogBounds}. */
export type PackedBounds = readonly [
  epoch: string,
  tail: number,
  head: number,
  ringTail: number,
  runs: readonly (readonly [
    offset: number,
    records: readonly PackedRecord[],
  ])[],
];

/** Packs a record. It carries its age: the monotonic clocks of two isolates cannot be compared. */
export function pack(record: LogRecord, clock: Clock): PackedRecord {
  const { from, at, since, body, key } = record;
  const age = clock.now() - since;
  return key === undefined ? [from, at, age, body] : [from, at, age, body, key];
}

/** Unpacks a record. */
export function unpack(packed: PackedRecord, clock: Clock): LogRecord {
  const [from, at, age, body, key] = packed;
  return new LogRecord(from, at, clock.now() - age, body, key);
}

/** Packs bounds, with the first records of a ring. */
export function packBounds(
  { epoch, tail, head }: LogBounds,
  recent: RecentRecords,
  clock: Clock,
): PackedBounds {
  const runs = recent.runs.map(({ offset, records }) =>
    [offset, records.map((record) => pack(record, clock))] as const
  );
  return [epoch, tail, head, recent.tail, runs];
}

/** Unpacks bounds. */
export function unpackBounds(packed: PackedBounds, clock: Clock): LogBounds {
  const [epoch, tail, head, ringTail, packedRuns] = packed;
  const runs = packedRuns.map(([offset, records]) => ({
    offset,
    records: records.map((record) => unpack(record, clock)),
  }));
  return { epoch, tail, head, recent: { tail: ringTail, runs } };
}
