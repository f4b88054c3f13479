import type { Run } from "./run.ts";
import { encodeBatch } from "./batch.ts";
import type { StoredRecords } from "./store.ts";

/** Records that the store gave, as a cursor is given those of the ring. */
export function storedRun(
  name: string,
  { offset, records }: StoredRecords,
): Run {
  const run: Run = {
    name,
    head: offset + records.length,
    record: (at) => records[at - offset]!,
    next: (at) => at,
    batch: (from) => encodeBatch(run, from),
  };
  return run;
}
