import {
  isCount,
  type MessageMap,
  type Position,
  type TopicRecord,
} from "../../messages.ts";
import { DrumbeatError } from "../../messages.ts";
import { type RawRecord, readRecord, type RecordSource } from "./record.ts";
import type { RequestOptions } from "../protocol/requests.ts";

/** Options of {@linkcode Topic.history}. */
export interface HistoryOptions extends RequestOptions {
  /** The first offset wanted. Default: the oldest that the log has. */
  readonly from?: number;
  /** Most records wanted; the answer may hold fewer, about 64 KiB of them. Default: 100. */
  readonly limit?: number;
}

/** A part of a topic's past. */
export interface HistoryPart<M extends MessageMap> extends Position {
  /** The oldest offset that the log still has. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** The offset to go on from: after the last record of this part. */
  readonly next: number;
  /** The records; one that the contract refuses is left out. */
  readonly records: readonly TopicRecord<M>[];
}

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
  check: (record: RawRecord) => TopicRecord<M> | undefined,
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
