import { encodeBinary, utf8Length } from "../messages.ts";
import type { Run } from "./dialect.ts";
import type { LogRecord } from "./record.ts";

/** A batch holds about this many bytes of records at most, and at least one record. */
export const BATCH_BYTES = 64 * 1024;

/** An encoded batch: made once, sent to every peer whose cursor is at `from`. */
export interface BatchFrame {
  /** The first record's offset. */
  readonly from: number;
  /** The offset after the last record. */
  readonly to: number;
  /** What is sent. */
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** Its length in bytes: what it costs in credit. */
  readonly bytes: number;
}

/**
 * Encodes the records from `from` on as one batch frame: text records up to {@linkcode BATCH_BYTES}, or one binary record.
 * `from` and `at` stand only where they change: docs/decisions/0009.
 *
 * @param run where the records are.
 * @param from the offset of the first record; below `run.head`.
 * @returns the frame, which may end before `run.head`.
 */
export function encodeBatch(run: Run, from: number): BatchFrame {
  const head = `{"type":"batch","topic":${
    JSON.stringify(run.name)
  },"offset":${from},"messages":[`;
  const first = run.record(from);
  if (typeof first.body !== "string") {
    const data = encodeBinary(
      `${head}{"from":"${first.from}","at":${first.at}}]}`,
      first.body,
    );
    return { from, to: from + 1, data, bytes: data.length };
  }
  let data = head + encodeRecord(first, undefined);
  let bytes = utf8Length(head) + first.bytes + 1;
  let to = from + 1;
  for (let before = first; to < run.head; to++) {
    const record = run.record(to);
    const length = record.bytesAfter(before);
    if (typeof record.body !== "string" || bytes + length > BATCH_BYTES) break;
    data += "," + encodeRecord(record, before);
    bytes += length;
    before = record;
  }
  return { from, to, data: data + "]}", bytes };
}

/** A record says only what the one before it in the batch did not. */
function encodeRecord(
  { from, at, body }: LogRecord,
  before: LogRecord | undefined,
): string {
  const whose = from === before?.from ? "" : `"from":"${from}",`;
  const when = at === before?.at ? "" : `"at":${at},`;
  return `{${whose}${when}"message":${body}}`;
}
