import type { Clock } from "../../hub/clock.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type { LogBounds, RecentRecords } from "../../hub/log/store.ts";
import type { ErrorCode } from "../../messages.ts";

/** One side of a message channel: a `MessagePort`, or anything that has its ways. */
export interface Port {
  /** Sends by structured clone. */
  postMessage(message: unknown): void;
  /** Gets what the other side sent. Setting it begins. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Nothing is sent or got any more. */
  close(): void;
}

/** A record on its way: who, when, how old it is in ms, what, and its key. */
export type Packed = [
  from: string,
  at: number,
  age: number,
  body: string | Uint8Array<ArrayBuffer>,
  key?: string | undefined,
];

/** An entry on its way, with the number that stands for it until it is settled. */
export type PackedEntry = readonly [
  number: number,
  topic: string,
  record: Packed,
  session?: string | undefined,
  id?: number | undefined,
];

/** What a worker's store asks of the host; one message is a list of these. */
export type Ask =
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
  | readonly ["begin", session: string]
  | readonly ["claim", number: number, session: string]
  | readonly ["detach", session: string]
  /** So many bytes of records were taken in. */
  | readonly ["taken", bytes: number]
  /** Nothing follows. Answered by `bye` when all that came before it is answered. */
  | readonly ["bye"];

/** What the host tells a worker's store; one message is a list of these. */
export type Tell =
  | readonly ["hello", about: HostInfo]
  | readonly ["opened", topic: string, bounds: PackedBounds]
  /** A worker's own records come back as their numbers. */
  | readonly [
    "committed",
    topic: string,
    offset: number,
    records: readonly (Packed | number)[],
  ]
  | readonly ["trimmed", topic: string, tail: number]
  | readonly ["settled", number: number, offset: number]
  | readonly ["refused", number: number, code: ErrorCode, message: string]
  | readonly ["read", number: number, offset: number, records: Packed[]]
  | readonly ["claim", number: number, known: boolean]
  /** A `read` or a `claim` failed. */
  | readonly ["broken", number: number, why: string]
  | readonly ["claimed", session: string]
  | readonly ["directMessage", topic: string]
  /** Nothing follows, and what is not answered will not be. */
  | readonly ["bye"];

/** What a worker has to know of the store behind the host. */
export interface HostInfo {
  /** Whether it keeps records below the rings. */
  readonly reads: boolean;
  /** How long a session can be resumed after its connection ended, in ms. */
  readonly sessionMs: number;
}

/** {@linkcode LogBounds} on their way. */
export type PackedBounds = readonly [
  epoch: string,
  tail: number,
  head: number,
  ringTail: number,
  runs: readonly (readonly [offset: number, records: readonly Packed[]])[],
];

/** Packs a record. Monotonic clocks of two isolates have nothing in common, so its age travels. */
export function pack(record: LogRecord, clock: Clock): Packed {
  const { from, at, since, body, key } = record;
  const age = clock.now() - since;
  return key === undefined ? [from, at, age, body] : [from, at, age, body, key];
}

/** Makes a record of what came. */
export function unpack(packed: Packed, clock: Clock): LogRecord {
  const [from, at, age, body, key] = packed;
  return new LogRecord(from, at, clock.now() - age, body, key);
}

/** Packs bounds, with the records that a ring begins with. */
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

/** Makes bounds of what came. */
export function unpackBounds(packed: PackedBounds, clock: Clock): LogBounds {
  const [epoch, tail, head, ringTail, packedRuns] = packed;
  const runs = packedRuns.map(([offset, records]) => ({
    offset,
    records: records.map((record) => unpack(record, clock)),
  }));
  return { epoch, tail, head, recent: { tail: ringTail, runs } };
}
