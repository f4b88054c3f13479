import { assert, assertEquals, assertGreater } from "@std/assert";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import { drain, type DrainOptions } from "./scenarios/drain.ts";
import { withStoreFile } from "./temp_store.ts";

const OPTIONS = {
  subscribers: 4,
  publishers: 2,
  perSecond: 250,
  before: 300,
  overMs: 600,
  deadlineMs: 2_500,
};

const run = (options: Partial<DrainOptions> = {}) =>
  withStoreFile((store) =>
    drain(new Random(1), { ...OPTIONS, store, ...options })
  );

Deno.test("SIGTERM under load with stalled peers exits with 0, loses nothing, and spreads the disconnects", async () => {
  const result = await run();
  // The stalled peers never answer: without the deadline, the process would not end.
  assertEquals(result.code, 0);
  assertEquals(result.violations, []);
  assertEquals([result.gaps, result.newSessions], [0, 0]);
  assertGreater(result.published, OPTIONS.before);
  const { disconnectsMs } = result;
  assert(disconnectsMs.length >= OPTIONS.subscribers + OPTIONS.publishers);
  // The hub disconnects the last of eight peers at seven eighths of the time. A slow machine delays this further.
  assertGreater(disconnectsMs.toSorted((a, b) => a - b).at(-1)!, 300);
});

Deno.test("control: a server that acknowledges uncommitted messages loses them in a restart", async () => {
  const { violations } = await run({
    program: "tests/faults/broken_server.ts",
    timeoutMs: 1_000,
  });
  const { lost = 0, "acknowledged but missing": missing = 0 } = countByKind(
    violations,
  );
  assertGreater(lost + missing, 0);
});
