import {
  type BinaryRecord,
  DrumbeatError,
  type HistoryPart,
  type HistoryRange,
  isCount,
  type MessageMap,
  type MessageRecord,
} from "../../messages.ts";
import type { RequestOptions } from "../requests/requests.ts";
import { type RawRecord, readRecord, type RecordSource } from "./record.ts";

/** Options of {@linkcode Topic.history}. */
export interface HistoryOptions extends HistoryRange, RequestOptions {}

/**
 * Reads the answer to `history`.
 *
 * @param answer any value, as the server may be hostile.
 * @param source the origin of the records.
 * @param check checks a record with the contract.
 * @returns the part of the history.
 * @throws {DrumbeatError} `malformed` for any other value.
 */
export function readHistory<M extends MessageMap>(
  answer: unknown,
  source: RecordSource,
  check: (record: RawRecord) => MessageRecord<M> | BinaryRecord | undefined,
): HistoryPart<M> {
  const { epoch, offset, next, tail, head, records }: {
    readonly [field: string]: unknown;
  } = typeof answer === "object" && answer !== null ? { ...answer } : {};
  if (
    typeof epoch !== "string" || !isCount(offset) || !isCount(tail) ||
    !isCount(head) || !Array.isArray(records)
  ) throw malformed(source.topic);
  let expected = offset;
  const checked = records.flatMap((record) => {
    const raw = readOne(record, expected, source);
    if (raw === undefined) throw malformed(source.topic);
    expected = raw.offset + 1;
    return check(raw) ?? [];
  });
  return {
    epoch,
    offset,
    tail,
    head,
    // Replaced records at the end of the part have no record to count.
    next: isCount(next) && next > expected ? next : expected,
    records: checked,
  };
}

function readOne(
  record: { readonly binary?: unknown } | null,
  offset: number,
  source: RecordSource,
): RawRecord | undefined {
  const base64 = record?.binary;
  if (typeof base64 !== "string") {
    return readRecord(record, undefined, offset, source);
  }
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    return undefined;
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return readRecord(record, bytes, offset, source);
}

function malformed(topic: string): DrumbeatError {
  return new DrumbeatError(
    "malformed",
    `Cannot read the history of '${topic}': the server's reply is not a history`,
  );
}
