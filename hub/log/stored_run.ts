import { encodeBatch } from "./batch.ts";
import type { Run } from "./run.ts";
import type { StoredRecords } from "./store.ts";

/**
 * Returns records that the store read as a run, so that cursors move through them like through a ring.
 *
 * @param name the topic's name.
 * @param stored the records.
 */
export function storedRun(
  name: string,
  { offset, records }: StoredRecords,
): Run {
  const ring: Run["ring"] = {
    head: offset + records.length,
    at: (at) => records[at - offset]!,
    next: (at) => at,
  };
  const run: Run = { name, ring, batch: (from) => encodeBatch(run, from) };
  return run;
}
