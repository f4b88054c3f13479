import { encodeBinary, utf8Length } from "../../messages.ts";
import type { LogRecord } from "./record.ts";
import type { BatchFrame, Run } from "./run.ts";

/** A batch holds about this many bytes of records at most, and at least one record. */
export const BATCH_BYTES = 64 * 1024;

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
  const start = run.next(from);
  const first = run.record(start);
  let isWhole = start === from;
  let to = start + 1;
  if (typeof first.body !== "string") {
    const where = isWhole ? "" : `"offset":${start},`;
    const data = encodeBinary(
      `${head}{${where}"from":"${first.from}","at":${first.at}}]${
        end(isWhole, to)
      }`,
      first.body,
    );
    return { from, to, data, bytes: data.length };
  }
  let data = head + encodeRecord(first, undefined, isWhole ? undefined : start);
  let bytes = utf8Length(head) + first.bytes + 1;
  for (let before = first;;) {
    const offset = run.next(to);
    if (offset >= run.head) break;
    const record = run.record(offset);
    const length = record.bytesAfter(before);
    if (typeof record.body !== "string" || bytes + length > BATCH_BYTES) break;
    const follows = offset === to;
    data += "," + encodeRecord(record, before, follows ? undefined : offset);
    bytes += length;
    isWhole &&= follows;
    before = record;
    to = offset + 1;
  }
  return { from, to, data: data + "]" + end(isWhole, to), bytes };
}

/** Where offsets are left out, their records were replaced: the batch says up to where it reaches. */
function end(isWhole: boolean, next: number): string {
  return isWhole ? "}" : `,"next":${next}}`;
}

/** A record says only what the one before it in the batch did not. */
function encodeRecord(
  { from, at, body }: LogRecord,
  before: LogRecord | undefined,
  offset: number | undefined,
): string {
  const where = offset === undefined ? "" : `"offset":${offset},`;
  const whose = from === before?.from ? "" : `"from":"${from}",`;
  const when = at === before?.at ? "" : `"at":${at},`;
  return `{${where}${whose}${when}"message":${body}}`;
}
