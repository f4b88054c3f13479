import type { StoredRecords } from "../../hub/log/store.ts";
import type { RedisNode } from "./node.ts";
import { unpackRecord } from "./record.ts";
import { READ } from "./scripts.ts";

/** Records of a stream, and the bounds of its log. */
export interface StreamRecords extends StoredRecords {
  readonly epoch: string;
  readonly tail: number;
  readonly head: number;
}

/** Reads about `maxBytes` of records from `from` on, at least one record if the log has one. */
export async function readStream(
  { connection, keys, clock }: RedisNode,
  topic: string,
  from: number,
  maxBytes: number,
): Promise<StreamRecords> {
  const [epoch, tail, head, offset, ...packed] = await connection.script<
    [Uint8Array, number, number, number, ...Uint8Array[]]
  >(
    READ,
    [keys.log(topic), keys.records(topic)],
    [`${from}`, `${Math.ceil(Math.min(maxBytes, 1e15))}`],
    { bytes: true },
  );
  const since = clock.now();
  const records = packed.map((record) => unpackRecord(record, since));
  return { epoch: `${epoch}`, tail, head, offset, records };
}
