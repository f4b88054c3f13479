import { LatestLog } from "./latest_log.ts";
import { Log, type RecordLog } from "./log.ts";
import type { LogRecord } from "./record.ts";
import type { LogBounds, RecentRecords, StoredRecords } from "./store.ts";
import type { LagPolicy } from "./topic_options.ts";

/**
 * Creates the ring of a log that the store has opened, with the records that the store passes for it.
 *
 * @param bounds the log's bounds, from the store.
 * @param lag the topic's policy: `latest` needs a log that replaces records.
 */
export function ringOf(
  { head, recent = { tail: head, runs: [] } }: LogBounds,
  lag: LagPolicy,
): RecordLog {
  const ring = lag === "latest"
    ? new LatestLog(recent.tail)
    : new Log(recent.tail);
  for (const { offset, records } of recent.runs) {
    ring.skip(offset);
    ring.append(records);
  }
  ring.skip(head);
  return ring;
}

/** Returns the records of a ring, from which {@linkcode ringOf} creates an equal ring. */
export function recentOf(ring: RecordLog): RecentRecords {
  const { tail, head } = ring;
  const runs: StoredRecords[] = [];
  let run: LogRecord[] = [];
  let end = -1;
  for (let at = ring.next(tail); at < head; at = ring.next(at + 1)) {
    if (at !== end) runs.push({ offset: at, records: run = [] });
    run.push(ring.at(at));
    end = at + 1;
  }
  return { tail, runs };
}
