import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { drain, type DrainOptions } from "./scenarios/drain.ts";

const OPTIONS = {
  subscribers: 4,
  publishers: 2,
  perSecond: 250,
  before: 300,
  overMs: 600,
  deadlineMs: 2_500,
};

async function withFile<T>(run: (store: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await run(`${folder}/drain.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const play = (options: Partial<DrainOptions> = {}) =>
  withFile((store) => drain(new Random(1), { ...OPTIONS, store, ...options }));

Deno.test("SIGTERM under load with stalled peers: 0 within the deadline and a second, nothing acknowledged is lost, everybody resumes, each went at a time of its own", async () => {
  const { code, tookMs, violations, gaps, fresh, published, cutsMs } =
    await play();
  assertEquals(code, 0);
  assertLess(tookMs, OPTIONS.deadlineMs + 1_000);
  assertEquals(violations, []);
  assertEquals([gaps, fresh], [0, 0]);
  assertGreater(published, OPTIONS.before);
  assert(cutsMs.length >= OPTIONS.subscribers + OPTIONS.publishers);
  // The last of eight peers goes at seven eighths of the time; a slow machine makes it later, never earlier.
  assertGreater(cutsMs.toSorted((a, b) => a - b).at(-1)!, 300);
});

Deno.test("a server that acknowledges what it does not commit loses it in a restart, and the checker says so", async () => {
  const { violations } = await play({
    program: "tests/faults/broken_server.ts",
    patienceMs: 1_000,
  });
  const { lost = 0, "acknowledged but missing": missing = 0 } = tally(
    violations,
  );
  assertGreater(lost + missing, 0);
});
