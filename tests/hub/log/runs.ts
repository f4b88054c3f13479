import type { LogRecord } from "../../../hub/log/record.ts";
import { type Run, storedRun } from "../../../hub/log/batch.ts";

/**
 * Returns records as a run that begins at offset 0.
 *
 * @param records the records.
 * @param name the topic's name.
 */
export function runOf(records: readonly LogRecord[], name = "lobby"): Run {
  return storedRun(name, { offset: 0, records });
}
