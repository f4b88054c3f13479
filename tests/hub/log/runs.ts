import type { LogRecord } from "../../../hub/log/record.ts";
import type { Run } from "../../../hub/log/run.ts";
import { storedRun } from "../../../hub/log/stored_run.ts";

/**
 * Returns records as a run that begins at offset 0.
 *
 * @param records the records.
 * @param name the topic's name.
 */
export function runOf(records: readonly LogRecord[], name = "lobby"): Run {
  return storedRun(name, { offset: 0, records });
}
