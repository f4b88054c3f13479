import { assert, assertEquals } from "@std/assert";
import { SqliteStore } from "../../adapters/sqlite/loop_store.ts";
import { serve } from "../../server.ts";
import { NoDeduplicationStore } from "./broken_stores.ts";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import { resumeBytes } from "./scenarios/resume_bytes.ts";

Deno.test("a resume that is interrupted after any byte, in either direction, continues with the next connection", async () => {
  await using server = serve({ port: 0 });
  const result = await resumeBytes(server.addr, new Random(1), {
    from: 0,
    to: 4096,
    step: 67,
  });
  assertEquals(result.violations, []);
  assert(result.recovered > 0);
  // Each round ends one connection, and most rounds also end the one that follows.
  assert(result.faults > 200);
});

Deno.test("an interrupted resume continues with the next connection (log on disk)", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new SqliteStore(":memory:", clock, options),
  });
  const result = await resumeBytes(server.addr, new Random(1), {
    from: 1,
    to: 4096,
    step: 151,
  });
  assertEquals(result.violations, []);
});

Deno.test("control: a store without deduplication stores the publishes of an interrupted resume twice", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new NoDeduplicationStore(clock, options),
  });
  const { violations } = await resumeBytes(server.addr, new Random(1), {
    from: 0,
    to: 400,
    step: 100,
  });
  assert(countByKind(violations).duplicated! > 0);
});
