import type { Run } from "../../../hub/log/run.ts";
import { encodeBatch } from "../../../hub/log/batch.ts";
import type { LogRecord } from "../../../hub/log/record.ts";

/**
 * A run of records from offset 0 on, as a topic has one.
 *
 * @param records what it holds.
 * @param name the topic's name.
 */
export function runOf(records: readonly LogRecord[], name = "lobby"): Run {
  const run: Run = {
    name,
    head: records.length,
    record: (offset) => records[offset]!,
    next: (offset) => offset,
    batch: (from) => encodeBatch(run, from),
  };
  return run;
}
