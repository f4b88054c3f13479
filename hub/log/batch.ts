import { encodeBinary, utf8Length } from "../../messages.ts";
import type { Ring } from "./ring.ts";
import type { LogRecord } from "./record.ts";
import type { StoredRecords } from "./store.ts";

/** Maximum bytes of records in a batch, about. A batch has at least one record. */
export const BATCH_BYTES = 64 * 1024;

/** A run of records that cursors move through: a topic's ring, or records that the store read from below it. */
export interface Run {
  /** The topic's name. */
  readonly name: string;
  /** The records. */
  readonly ring: Pick<Ring, "head" | "at" | "next">;
  /** Returns the batch that begins at an offset. */
  batch(from: number): BatchFrame;
}

/** An encoded batch: made once, sent to every peer whose cursor is at `from`. */
export interface BatchFrame {
  /** The first record's offset. */
  readonly from: number;
  /** The offset after the last record. */
  readonly to: number;
  /** The WebSocket message. */
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** The length in bytes: the credit that the frame costs. */
  readonly bytes: number;
}

/**
 * Encodes the records from `from` on as one batch frame: text records up to {@linkcode BATCH_BYTES}, or one binary record.
 * A record states `from` and `at` only if they differ from the record before: docs/decisions/0009.
 *
 * @param run the run that holds the records.
 * @param from the offset of the first record, below the run's head.
 * @returns the frame, which may end before the run's head.
 */
export function encodeBatch({ name, ring }: Run, from: number): BatchFrame {
  const head = `{"type":"batch","topic":${
    JSON.stringify(name)
  },"offset":${from},"messages":[`;
  const start = ring.next(from);
  const first = ring.at(start);
  let isContiguous = start === from;
  let to = start + 1;
  if (typeof first.body !== "string") {
    const offset = isContiguous ? "" : `"offset":${start},`;
    const data = encodeBinary(
      `${head}{${offset}"from":"${first.from}","at":${first.at}}]${
        end(isContiguous, to)
      }`,
      first.body,
    );
    return { from, to, data, bytes: data.length };
  }
  let data = head +
    encodeRecord(first, undefined, isContiguous ? undefined : start);
  let bytes = utf8Length(head) + first.bytes + 1;
  for (let before = first;;) {
    const offset = ring.next(to);
    if (offset >= ring.head) break;
    const record = ring.at(offset);
    const length = record.bytesAfter(before);
    if (typeof record.body !== "string" || bytes + length > BATCH_BYTES) break;
    const follows = offset === to;
    data += "," + encodeRecord(record, before, follows ? undefined : offset);
    bytes += length;
    isContiguous &&= follows;
    before = record;
    to = offset + 1;
  }
  return { from, to, data: data + "]" + end(isContiguous, to), bytes };
}

/** Ends the frame. If replaced records are missing, the receiver cannot count the offsets, so the frame states the next one. */
function end(isContiguous: boolean, next: number): string {
  return isContiguous ? "}" : `,"next":${next}}`;
}

/** Encodes a record without the fields that are the same as in the record before it. */
function encodeRecord(
  { from, at, body }: LogRecord,
  before: LogRecord | undefined,
  offset: number | undefined,
): string {
  const offsetField = offset === undefined ? "" : `"offset":${offset},`;
  const fromField = from === before?.from ? "" : `"from":"${from}",`;
  const atField = at === before?.at ? "" : `"at":${at},`;
  return `{${offsetField}${fromField}${atField}"message":${body}}`;
}

/**
 * Returns records that the store read as a run, so that cursors move through them like through a ring.
 *
 * @param name the topic's name.
 * @param stored the records.
 */
export function storedRun(
  name: string,
  { offset, records }: StoredRecords,
): Run {
  const ring: Run["ring"] = {
    head: offset + records.length,
    at: (at) => records[at - offset]!,
    next: (at) => at,
  };
  const run: Run = { name, ring, batch: (from) => encodeBatch(run, from) };
  return run;
}
