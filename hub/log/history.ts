import {
  type BinaryRecord,
  type Contract,
  DrumbeatError,
  type MessageMap,
  type MessageOf,
  type MessageRecord,
  type WireHistoryPart,
} from "../../messages.ts";
import { BATCH_BYTES } from "./batch.ts";
import type { Ring } from "./ring.ts";
import { HUB, type LogRecord } from "./record.ts";
import type { Store } from "./store.ts";
import type { Topic } from "./topic.ts";

/** A part of a topic's log. */
export interface LogPart {
  /** The log's epoch. */
  readonly epoch: string;
  /** The offset at which the part begins; above the one that was asked for if the log begins later. */
  readonly offset: number;
  /** The offset at which the part ends and the next one begins. */
  readonly next: number;
  /** The oldest offset of the log. */
  readonly tail: number;
  /** The offset of the next record. */
  readonly head: number;
  /** The records from `offset` to `next`, without gaps except for those that were replaced (`lag: "latest"`). */
  readonly records: readonly LogRecord[];
  /** The records' offsets. */
  readonly offsets: readonly number[];
}

/**
 * Reads records of an open topic: from the ring, and from the store those that are below the ring.
 *
 * @param topic the topic.
 * @param store the store that keeps the topic's log.
 * @param from the first offset.
 * @param limit the largest number of records. The result ends earlier after 64 KiB, but has at least one record if the log
 * has one.
 * @returns the records and the bounds of the log.
 * @throws {Error} (as a rejection) the store's error, when it cannot read.
 */
export async function readHistory(
  topic: Topic,
  store: Pick<Store, "read">,
  from: number,
  limit: number,
): Promise<LogPart> {
  const { log } = topic;
  let offset = Math.min(Math.max(from, log.tail), log.ring.head);
  const offsets: number[] = [];
  let records: readonly LogRecord[] = [];
  if (offset < log.ring.tail) {
    const found = await store.read?.(topic.name, offset, BATCH_BYTES);
    if (found !== undefined && found.records.length > 0) {
      ({ offset } = found);
      records = found.records.slice(0, limit);
      for (let i = 0; i < records.length; i++) offsets.push(offset + i);
    } else offset = log.ring.tail;
  }
  if (records.length === 0 && offset >= log.ring.tail) {
    records = readRing(log.ring, offset, limit, offsets);
  }
  const { epoch, tail, ring: { head } } = log;
  const next = offsets.length === 0 ? offset : offsets.at(-1)! + 1;
  return { epoch, offset, next, tail, head, records, offsets };
}

/** @param offsets receives the records' offsets. */
function readRing(
  ring: Ring,
  from: number,
  limit: number,
  offsets: number[],
): LogRecord[] {
  const records: LogRecord[] = [];
  let bytes = 0;
  for (
    let at = ring.next(from);
    at < ring.head && records.length < limit;
    at = ring.next(at + 1)
  ) {
    const record = ring.at(at);
    bytes += record.bytes;
    if (records.length > 0 && bytes > BATCH_BYTES) break;
    records.push(record);
    offsets.push(at);
  }
  return records;
}

/** Encodes a part of a log for a peer: docs/protocol.md, `history`. */
export function encodeHistory(part: LogPart): WireHistoryPart {
  const { offsets, records, ...bounds } = part;
  return {
    ...bounds,
    records: records.map(({ from, at, body }, i) => {
      const offset = offsets[i]!;
      const follows = offset === (offsets[i - 1] ?? bounds.offset - 1) + 1;
      return {
        ...(follows ? {} : { offset }),
        from,
        at,
        ...(typeof body === "string"
          ? { message: JSON.parse(body) }
          : { binary: body.toBase64() }),
      };
    }),
  };
}

/**
 * Decodes a part of a log for the program.
 *
 * @typeParam M the message types.
 * @param part the records and their offsets.
 * @param topic the topic's name.
 * @param context the contract that checks each message, and a function that receives an error for each message that the
 * contract refuses.
 * @returns the records that the contract accepts. Payloads are copies.
 */
export function decodeHistory<M extends MessageMap>(
  { records, offsets }: LogPart,
  topic: string,
  context: {
    readonly contract: Contract<MessageMap>;
    failed(error: unknown): void;
  },
): (MessageRecord<M> | BinaryRecord)[] {
  return records.flatMap(
    ({ from, at, body }, i): readonly (MessageRecord<M> | BinaryRecord)[] => {
      const offset = offsets[i]!;
      const info = { topic, from, at, offset, own: from === HUB };
      if (typeof body !== "string") {
        return [{ kind: "binary", ...info, payload: body.slice() }];
      }
      try {
        const checked = context.contract.checkStored(JSON.parse(body));
        if (checked.ok) {
          const message = checked.message as MessageOf<M>;
          return [{ kind: "record", ...info, message }];
        }
        const { code, message, issues = [] } = checked;
        const action = `Cannot read record ${offset} of '${topic}'`;
        throw new DrumbeatError(code, `${action}: ${message}`, { issues });
      } catch (error) {
        context.failed(error);
        return [];
      }
    },
  );
}
