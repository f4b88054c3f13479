import { assert, assertEquals } from "@std/assert";
import { serve } from "../../server.ts";
import { NoDeduplicationStore, RefusingStore } from "./broken_stores.ts";
import { addSubscriberWithoutPosition } from "./broken_subscriber.ts";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import {
  disconnects,
  type DisconnectsOptions,
} from "./scenarios/disconnects.ts";
import { SqliteStore } from "../../adapters/sqlite/loop_store.ts";

/** A short run, with clients that notice a frozen connection quickly. */
const SHORT: DisconnectsOptions = {
  clients: 8,
  messages: 120,
  faults: 12,
  client: { heartbeat: { intervalMs: 100, timeoutMs: 300 } },
};

for (const seed of [1, 2]) {
  for (const where of ["in memory", "on disk"]) {
    Deno.test(`random network faults lose no record (log ${where}, seed ${seed})`, async () => {
      await using server = serve({
        port: 0,
        ...(where === "in memory" ? {} : {
          store: (clock, options) =>
            new SqliteStore(":memory:", clock, options),
        }),
      });
      const result = await disconnects(server.addr, new Random(seed), SHORT);
      assertEquals(result.violations, []);
      assert(result.faults >= SHORT.faults);
      assert(result.recovered > 0);
    });
  }
}

Deno.test("control: a client without a saved position misses records without a gap", async () => {
  await using server = serve({ port: 0 });
  const { violations } = await disconnects(server.addr, new Random(1), {
    ...SHORT,
    subscriber: (scenario, name, topic) =>
      addSubscriberWithoutPosition(scenario, name, topic, SHORT.client),
    timeoutMs: 1_000,
  });
  assert(countByKind(violations)["unannounced gap"]! > 0);
  assert(countByKind(violations).lost! > 0);
});

Deno.test("control: a store without deduplication stores repeated publishes twice", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new NoDeduplicationStore(clock, options),
  });
  const { violations } = await disconnects(server.addr, new Random(4), {
    ...SHORT,
    faults: 30,
  });
  assert(countByKind(violations).duplicated! > 0);
});

Deno.test("control: a store that stores refused messages violates the meaning of the error codes", async () => {
  await using server = serve({
    port: 0,
    store: (clock, options) => new RefusingStore(clock, options),
  });
  const { violations, refused } = await disconnects(
    server.addr,
    new Random(1),
    SHORT,
  );
  assert(refused > 0);
  assert(countByKind(violations)["refused but stored"]! > 0);
});
