import {
  type BatchFrame,
  type BinaryRecord,
  isCount,
  type MessageContext,
} from "../../messages.ts";

/** A record with a message that the contract has not checked yet. */
export interface RawMessageRecord extends MessageContext {
  readonly kind: "record";
  readonly message: { readonly type: string };
}

/** A record that the contract has not checked yet. */
export type RawRecord = RawMessageRecord | BinaryRecord;

/** The origin that all records of a batch, or of a part of the history, share. */
export interface RecordSource {
  /** The topic's name. */
  readonly topic: string;
  /** The public id of this client. */
  readonly peer: string | undefined;
}

/**
 * Reads one record of a batch, or of a part of the history.
 *
 * @param raw the decoded JSON of the record: any value, as the server may be hostile.
 * @param payload the payload of a binary batch.
 * @param expected the offset of the record, or the smallest one that it may state: records before it were replaced.
 * @param source the origin of the record.
 * @param before the record before it in the batch, which gives `from` and `at` if they are absent.
 * @returns the record, or `undefined` if the value is not a record.
 */
export function readRecord(
  raw: unknown,
  payload: Uint8Array<ArrayBuffer> | undefined,
  expected: number,
  source: RecordSource,
  before?: RawRecord,
): RawRecord | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const {
    offset = expected,
    from = before?.from,
    at = before?.at,
    message,
  } = raw as {
    offset?: unknown;
    from?: unknown;
    at?: unknown;
    message?: unknown;
  };
  if (typeof from !== "string" || !isCount(at)) return undefined;
  if (!isCount(offset) || offset < expected) return undefined;
  // No spread: it would cost more than everything else that is done for a record.
  const { topic, peer } = source;
  const own = from === peer;
  if (payload !== undefined) {
    return { kind: "binary", topic, from, at, offset, own, payload };
  }
  if (!isMessage(message)) return undefined;
  return { kind: "record", topic, from, at, offset, own, message };
}

/**
 * Reads the records of a batch.
 *
 * @param batch the batch.
 * @param payload its payload, if it is binary.
 * @param peer the public id of this client.
 * @returns the records, or `undefined` if one of them is not a record.
 */
export function readBatch(
  { topic, offset, messages }: BatchFrame,
  payload: Uint8Array<ArrayBuffer> | undefined,
  peer: string | undefined,
): RawRecord[] | undefined {
  const source = { topic, peer };
  const records: RawRecord[] = [];
  let record: RawRecord | undefined;
  for (const message of messages) {
    const expected = record === undefined ? offset : record.offset + 1;
    record = readRecord(message, payload, expected, source, record);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records;
}

function isMessage(value: unknown): value is { readonly type: string } {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}
