import { Buffer } from "node:buffer";
import { LogRecord } from "../../hub/log/record.ts";

/**
 * A record as it is stored and told: one line of JSON for what is around it, then its body. Text stays text, so that
 * `redis-cli` shows it.
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

/** The opposite. @param since when it came to this node, in monotonic ms. */
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
    // A copy: the buffer of the connection is much larger.
    isBinary ? new Uint8Array(body) : decoder.decode(body),
    key,
  );
}

/** Records at an offset, and what to do when they are in the hub's ring. */
export interface Run {
  readonly offset: number;
  readonly records: readonly LogRecord[];
  /** Those of another node: which log they are of. Our own are checked by the script. */
  readonly epoch?: string;
  /** Our own: settles their entries. */
  done?(): void;
  /** Our own: when they were written, in monotonic ms. */
  readonly since?: number;
}

/** Records of one append, as they are told to the nodes that follow the topic. */
export interface ToldRun {
  readonly writer: string;
  readonly epoch: string;
  readonly offset: number;
  readonly tail: number;
  readonly records: readonly LogRecord[];
}

/** Reads what the append script tells: a line with the lengths of the records, then the records. */
export function unpackRun(told: Uint8Array, since: number): ToldRun {
  const end = told.indexOf(LINE_END);
  const [writer, epoch, offset, tail, lengths] = decoder.decode(
    told.subarray(0, end),
  ).split(" ") as [string, string, string, string, string];
  let at = end + 1;
  const records = lengths.split(",").map((length) => {
    const start = at;
    at += Number(length);
    return unpackRecord(told.subarray(start, at), since);
  });
  return { writer, epoch, offset: Number(offset), tail: Number(tail), records };
}
