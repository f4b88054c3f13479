import { assert, assertEquals } from "@std/assert";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { kills, type KillsOptions } from "./scenarios/kills.ts";

const SHORT: KillsOptions = {
  kills: 2,
  subscribers: 4,
  publishers: 2,
  perSecond: 500,
  between: 60,
};
const BROKEN = "tests/faults/broken_server.ts";

async function withFile<T>(run: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await run(`${folder}/kills.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("kill -9 of a server with a store costs nothing: one epoch, no gap, every record once", async () => {
  const { violations, published } = await withFile((store) =>
    kills(new Random(1), { ...SHORT, store })
  );
  assertEquals(violations, []);
  assert(published > 120);
});

Deno.test("kill -9 of a server in memory is told to every client: a new epoch each time", async () => {
  const { violations, gaps } = await kills(new Random(1), SHORT);
  assertEquals(violations, []);
  assertEquals(gaps, SHORT.kills * (SHORT.subscribers + SHORT.publishers));
});

Deno.test("a store that acknowledges before it commits loses what it acknowledged, and the checker says so", async () => {
  const { violations } = await withFile((store) =>
    kills(new Random(1), {
      ...SHORT,
      kills: 1,
      store,
      program: BROKEN,
      patienceMs: 1_000,
    })
  );
  const { lost = 0, "acknowledged but missing": missing = 0 } = tally(
    violations,
  );
  assert(lost + missing > 0);
});

Deno.test("a store in memory with the same epoch in each run makes clients take one log for another, and the checker says so", async () => {
  const { violations } = await kills(new Random(1), {
    ...SHORT,
    kills: 1,
    program: BROKEN,
    patienceMs: 1_000,
  });
  assert(tally(violations).diverged! > 0);
});
