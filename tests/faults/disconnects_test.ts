import { assert, assertEquals } from "@std/assert";
import { serve } from "../../server.ts";
import { ForgetfulStore, forgetfulSubscriber } from "./broken_stores.ts";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { cuts, type CutsOptions } from "./scenarios/disconnects.ts";
import { SqliteStore } from "../../adapters/sqlite/store.ts";

/** Short, with clients that notice a dead connection quickly: a frozen one is waited for. */
const SHORT: CutsOptions = {
  clients: 8,
  messages: 120,
  cuts: 12,
  client: { heartbeat: { intervalMs: 100, timeoutMs: 300 } },
};

for (const seed of [1, 2]) {
  for (const where of ["in memory", "on disk"]) {
    Deno.test(`random cuts of random connections cost no record, with the log ${where} (seed ${seed})`, async () => {
      await using server = serve({
        port: 0,
        ...(where === "in memory" ? {} : {
          store: (clock, options) =>
            new SqliteStore(":memory:", clock, options),
        }),
      });
      const outcome = await cuts(server.addr, new Random(seed), SHORT);
      assertEquals(outcome.violations, []);
      assert(outcome.cuts >= SHORT.cuts);
      assert(outcome.recovered > 0);
    });
  }
}

Deno.test("a client that forgets its place at a cut misses records without a word, and the checker says so", async () => {
  await using server = serve({ port: 0 });
  const { violations } = await cuts(server.addr, new Random(1), {
    ...SHORT,
    subscriber: (stage, name, topic) =>
      forgetfulSubscriber(stage, name, topic, SHORT.client),
    patienceMs: 1_000,
  });
  assert(tally(violations)["unannounced gap"]! > 0);
  assert(tally(violations).lost! > 0);
});

Deno.test("a store that forgets outcomes stores what is sent again twice, and the checker says so", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new ForgetfulStore(clock, options),
  });
  const { violations } = await cuts(server.addr, new Random(4), {
    ...SHORT,
    cuts: 30,
  });
  assert(tally(violations).duplicated! > 0);
});
