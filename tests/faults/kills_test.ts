import { assert, assertEquals } from "@std/assert";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import { kills, type KillsOptions } from "./scenarios/kills.ts";
import { withStoreFile } from "./temp_store.ts";

const SHORT: KillsOptions = {
  kills: 2,
  subscribers: 4,
  publishers: 2,
  perSecond: 500,
  between: 60,
};
const BROKEN = "tests/faults/broken_server.ts";

Deno.test("kill -9 of a server with a store loses nothing: one epoch, no gap, every record once", async () => {
  const { violations, published } = await withStoreFile((store) =>
    kills(new Random(1), { ...SHORT, store })
  );
  assertEquals(violations, []);
  assert(published > 120);
});

Deno.test("kill -9 of a server in memory announces a new epoch to every client", async () => {
  const { violations, gaps } = await kills(new Random(1), SHORT);
  assertEquals(violations, []);
  assertEquals(gaps, SHORT.kills * (SHORT.subscribers + SHORT.publishers));
});

Deno.test("control: a store that acknowledges before it commits loses acknowledged messages", async () => {
  const { violations } = await withStoreFile((store) =>
    kills(new Random(1), {
      ...SHORT,
      kills: 1,
      store,
      program: BROKEN,
      timeoutMs: 1_000,
    })
  );
  const { lost = 0, "acknowledged but missing": missing = 0 } = countByKind(
    violations,
  );
  assert(lost + missing > 0);
});

Deno.test("control: clients of a store in memory with a constant epoch mix two logs up", async () => {
  const { violations } = await kills(new Random(1), {
    ...SHORT,
    kills: 1,
    program: BROKEN,
    timeoutMs: 1_000,
  });
  assert(countByKind(violations).diverged! > 0);
});
