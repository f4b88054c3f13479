import { type BinaryRecord, isCount, type RecordInfo } from "../../messages.ts";

/** A record with a message as it came: it is delivered with what the contract makes of that. */
export interface RawMessageRecord extends RecordInfo {
  readonly kind: "record";
  message: { readonly type: string };
}

/** A record as it came, not yet held against the contract. */
export type RawRecord = RawMessageRecord | BinaryRecord;

/** What all records of an answer, or of a batch, have in common. */
export interface RecordSource {
  /** The topic's name. */
  readonly topic: string;
  /** This client's own public id. */
  readonly peer: string | undefined;
}

/**
 * Reads one record of a batch, or of a history's page.
 *
 * @param raw what stands in the batch: anything at all, from a hostile server.
 * @param payload the payload of a binary batch.
 * @param place its place in the log; or after it, if it says so itself: records between were replaced.
 * @param source where it comes from.
 * @param before the record before it in the batch: where it does not say `from` or `at`, they are as there.
 * @returns the record, or `undefined` where it is none.
 */
export function readRecord(
  raw: unknown,
  payload: Uint8Array<ArrayBuffer> | undefined,
  place: number,
  source: RecordSource,
  before?: RawRecord,
): RawRecord | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const {
    offset = place,
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
  if (!isCount(offset) || offset < place) return undefined;
  // No spread: it would cost more than all else that is done for a record.
  const { topic, peer } = source;
  const own = from === peer;
  if (payload !== undefined) {
    return { kind: "binary", topic, from, at, offset, own, payload };
  }
  if (!isMessage(message)) return undefined;
  return { kind: "record", topic, from, at, offset, own, message };
}

function isMessage(value: unknown): value is { readonly type: string } {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}
