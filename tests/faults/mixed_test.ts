import { assert, assertEquals } from "@std/assert";
import { CorruptingStore } from "./broken_stores.ts";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import { mixed, type MixedOptions } from "./scenarios/mixed.ts";
import { smallServer } from "./small_server.ts";

const SHORT: MixedOptions = {
  steps: 250,
  faults: 15,
  outages: 1,
  outageMs: 150,
};

Deno.test("delivers text, bytes and direct messages once or announces a gap, with changing subscriptions and expired sessions", async () => {
  await using server = smallServer({ sessionMs: 60 });
  const result = await mixed(server.addr, new Random(2), SHORT);
  assertEquals(result.violations, []);
  // The outage was longer than the session's time to live.
  assert(parseInt(result.notes!) > 0);
  assert(result.recovered > 0);
});

Deno.test("control: a store that changes bytes delivers records that were never published", async () => {
  await using server = smallServer({
    store: (clock, options) => new CorruptingStore(clock, options),
  });
  const { violations } = await mixed(server.addr, new Random(2), {
    ...SHORT,
    steps: 60,
    faults: 2,
    outages: 0,
  });
  assert(countByKind(violations).phantom! > 0);
});
