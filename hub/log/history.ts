import type { HistoryPage } from "../../messages.ts";
import { BATCH_BYTES } from "./batch.ts";
import type { LogRecord } from "./record.ts";
import type { Store } from "./store.ts";
import type { Topic } from "./topic.ts";

/** A run of a topic's past, for the program. */
export interface HubHistory {
  /** The log's epoch. */
  readonly epoch: string;
  /** Where the run begins: above the offset asked for where the log begins later. */
  readonly offset: number;
  /** Where it ends, and the next one begins. */
  readonly next: number;
  /** The oldest offset that the log has. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** The records from `offset` to `next`, without holes, but for those that were replaced (`lag: "latest"`). */
  readonly records: readonly LogRecord[];
  /** Their offsets. */
  readonly offsets: readonly number[];
}

/**
 * Reads records from a topic that is open: from the ring where it reaches, from the store below it.
 *
 * @param topic the topic.
 * @param store what keeps its log.
 * @param from the first offset wanted.
 * @param limit most records wanted; about 64 KiB of them are enough, at least one if there is any.
 * @throws (as a rejection) what the store throws when it cannot read.
 */
export async function readHistory(
  topic: Topic,
  store: Store,
  from: number,
  limit: number,
): Promise<HubHistory> {
  let offset = Math.min(Math.max(from, topic.tail), topic.head);
  const offsets: number[] = [];
  let records: readonly LogRecord[] = [];
  if (offset < topic.log.tail) {
    const found = await store.read?.(topic.name, offset, BATCH_BYTES);
    if (found !== undefined && found.records.length > 0) {
      ({ offset } = found);
      records = found.records.slice(0, limit);
      for (let i = 0; i < records.length; i++) offsets.push(offset + i);
    } else offset = topic.log.tail;
  }
  if (records.length === 0 && offset >= topic.log.tail) {
    records = fromRing(topic, offset, limit, offsets);
  }
  const { epoch, tail, head } = topic;
  const next = offsets.length === 0 ? offset : offsets.at(-1)! + 1;
  return { epoch, offset, next, tail, head, records, offsets };
}

/** @param offsets gets the records' offsets. */
function fromRing(
  topic: Topic,
  from: number,
  limit: number,
  offsets: number[],
): LogRecord[] {
  const records: LogRecord[] = [];
  let bytes = 0;
  for (
    let at = topic.next(from);
    at < topic.head && records.length < limit;
    at = topic.next(at + 1)
  ) {
    const record = topic.record(at);
    bytes += record.bytes;
    if (records.length > 0 && bytes > BATCH_BYTES) break;
    records.push(record);
    offsets.push(at);
  }
  return records;
}

/** The same as the client gets it: docs/protocol.md, `history`. */
export function pageOf(history: HubHistory): HistoryPage {
  const { offsets, records, ...place } = history;
  return {
    ...place,
    records: records.map(({ from, at, body }, i) => {
      const offset = offsets[i]!;
      const follows = offset === (offsets[i - 1] ?? place.offset - 1) + 1;
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
