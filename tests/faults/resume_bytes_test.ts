import { assert, assertEquals } from "@std/assert";
import { SqliteStore } from "../../adapters/sqlite/store.ts";
import { serve } from "../../server.ts";
import { ForgetfulStore } from "./broken_stores.ts";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { resumeBytes } from "./scenarios/resume_bytes.ts";

Deno.test("a resume that is cut after any byte, in either direction, goes on with the next one", async () => {
  await using server = serve({ port: 0 });
  const outcome = await resumeBytes(server.addr, new Random(1), {
    from: 0,
    to: 4096,
    step: 67,
  });
  assertEquals(outcome.violations, []);
  assert(outcome.recovered > 0);
  // Each round ends the connection, and most cut the exchange that follows.
  assert(outcome.cuts > 200);
});

Deno.test("the same with the log on disk", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new SqliteStore(":memory:", clock, options),
  });
  const outcome = await resumeBytes(server.addr, new Random(1), {
    from: 1,
    to: 4096,
    step: 151,
  });
  assertEquals(outcome.violations, []);
});

Deno.test("a store that forgets outcomes stores what a cut resume sends again twice, and the checker says so", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new ForgetfulStore(clock, options),
  });
  const { violations } = await resumeBytes(server.addr, new Random(1), {
    from: 0,
    to: 400,
    step: 100,
  });
  assert(tally(violations).duplicated! > 0);
});
