import type { StoredRecords } from "../../hub/log/store.ts";
import type { RedisContext } from "./context.ts";
import { unpackRecord } from "./record.ts";
import { READ } from "./scripts.ts";

/** Records of a stream, and where the log stands. */
export interface RedisFound extends StoredRecords {
  readonly epoch: string;
  readonly tail: number;
  readonly head: number;
}

/** Reads about `maxBytes` of records from `from` on, at least one if there is any. */
export async function readStream(
  { link, keys, clock }: RedisContext,
  topic: string,
  from: number,
  maxBytes: number,
): Promise<RedisFound> {
  const [epoch, tail, head, offset, ...packed] = await link.script<
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
