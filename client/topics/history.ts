import {
  type BinaryRecord,
  type HistoryPart,
  type HistoryRange,
  isCount,
  type MessageMap,
  type MessageRecord,
} from "../../messages.ts";
import { DrumbeatError } from "../../messages.ts";
import { type RawRecord, readRecord, type RecordSource } from "./record.ts";
import type { RequestOptions } from "../protocol/requests.ts";

/** Options of {@linkcode Topic.history}. */
export interface HistoryOptions extends HistoryRange, RequestOptions {}

/**
 * Reads the answer to `history`.
 *
 * @param answer anything at all, from a hostile server.
 * @param source where its records come from.
 * @param check holds a record against the contract.
 * @throws {DrumbeatError} `malformed`, when it is no such answer.
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
  let place = offset;
  const checked = records.flatMap((record) => {
    const raw = readOne(record, place, source);
    if (raw === undefined) throw malformed(source.topic);
    place = raw.offset + 1;
    return check(raw) ?? [];
  });
  return {
    epoch,
    offset,
    tail,
    head,
    // What was replaced at the end has no record to count.
    next: isCount(next) && next > place ? next : place,
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
  return new DrumbeatError("malformed", `Not a history of '${topic}'`);
}
