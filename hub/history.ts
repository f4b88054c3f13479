import type { HistoryPage } from "../messages.ts";
import { BATCH_BYTES } from "./frame.ts";
import type { LogRecord } from "./record.ts";
import type { Store } from "./store.ts";
import type { Topic } from "./topic.ts";

/** A run of a topic's past, for the program. */
export interface HubHistory {
  /** The log's epoch. */
  readonly epoch: string;
  /** The first record's offset: above the one asked for where the log begins later. */
  readonly offset: number;
  /** The oldest offset that the log has. */
  readonly tail: number;
  /** The offset that the next record gets. */
  readonly head: number;
  /** Records from `offset` on, without holes. */
  readonly records: readonly LogRecord[];
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
  let records: readonly LogRecord[] = [];
  if (offset < topic.log.tail) {
    const found = await store.read?.(topic.name, offset, BATCH_BYTES);
    if (found !== undefined && found.records.length > 0) {
      ({ offset } = found);
      records = found.records.slice(0, limit);
    } else offset = topic.log.tail;
  }
  if (records.length === 0 && offset >= topic.log.tail) {
    records = fromRing(topic, offset, limit);
  }
  const { epoch, tail, head } = topic;
  return { epoch, offset, tail, head, records };
}

function fromRing(topic: Topic, from: number, limit: number): LogRecord[] {
  const records: LogRecord[] = [];
  let bytes = 0;
  for (let at = from; at < topic.head && records.length < limit; at++) {
    const record = topic.record(at);
    bytes += record.bytes;
    if (records.length > 0 && bytes > BATCH_BYTES) break;
    records.push(record);
  }
  return records;
}

/** The same as the client gets it: docs/protocol.md, `history`. */
export function pageOf(history: HubHistory): HistoryPage {
  return {
    ...history,
    records: history.records.map(({ from, at, body }) =>
      typeof body === "string"
        ? { from, at, message: JSON.parse(body) }
        : { from, at, binary: body.toBase64() }
    ),
  };
}
