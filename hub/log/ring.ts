import { LatestLog } from "./latest_log.ts";
import { Log, type RecordLog } from "./log.ts";
import type { LogBounds } from "./store.ts";
import type { LagPolicy } from "./topic_options.ts";

/**
 * The ring of a log that the store has opened, with what the store hands out of it.
 *
 * @param bounds what the store said.
 * @param lag the topic's policy: one that keeps the latest keeps another kind of log.
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
