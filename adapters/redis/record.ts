import { Buffer } from "node:buffer";
import { LogRecord } from "../../hub/log/record.ts";

/**
 * Packs a record as it is stored and announced: one line of JSON with its other fields, then its body. Text stays text, so
 * that `redis-cli` shows it.
 */
export function packRecord(
  { from, at, key, body }: LogRecord,
): string | Buffer {
  const isText = typeof body === "string";
  const head = [from, at, ...(isText ? [] : [1])];
  const line = JSON.stringify(
    key === undefined ? head : [...head.slice(0, 2), isText ? 0 : 1, key],
  );
  return isText
    ? `${line}\n${body}`
    : Buffer.concat([Buffer.from(`${line}\n`), body]);
}

const decoder = new TextDecoder();
const LINE_END = 10;

/** Unpacks a record. @param since the monotonic time at which it arrived at this node, in ms. */
export function unpackRecord(packed: Uint8Array, since: number): LogRecord {
  const end = packed.indexOf(LINE_END);
  const [from, at, isBinary, key] = JSON.parse(
    decoder.decode(packed.subarray(0, end)),
  ) as [string, number, number?, string?];
  const body = packed.subarray(end + 1);
  return new LogRecord(
    from,
    at,
    since,
    // A copy: a view would keep the connection's whole buffer in memory.
    isBinary ? new Uint8Array(body) : decoder.decode(body),
    key,
  );
}

/** Contiguous records on their way to the hub's ring. */
export interface RedisRun {
  readonly offset: number;
  readonly records: readonly LogRecord[];
  /** The log's epoch, for records of another node. The append script checks it for the node's own. */
  readonly epoch?: string;
  /** Settles the entries of the node's own records: called once these are in the ring. */
  done?(): void;
  /** The monotonic time at which the node's own records were written, in ms. */
  readonly since?: number;
}

/** The records of one append, as the append script publishes them to the nodes. */
export interface AnnouncedRun {
  readonly writer: string;
  readonly epoch: string;
  readonly offset: number;
  readonly tail: number;
  readonly records: readonly LogRecord[];
}

/** Unpacks what the append script publishes: a line with the lengths of the records in bytes, then the records. */
export function unpackRun(packed: Uint8Array, since: number): AnnouncedRun {
  const end = packed.indexOf(LINE_END);
  const [writer, epoch, offset, tail, lengths] = decoder.decode(
    packed.subarray(0, end),
  ).split(" ") as [string, string, string, string, string];
  let at = end + 1;
  const records = lengths.split(",").map((length) => {
    const start = at;
    at += Number(length);
    return unpackRecord(packed.subarray(start, at), since);
  });
  return { writer, epoch, offset: Number(offset), tail: Number(tail), records };
}
