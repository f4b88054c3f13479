import { assert, assertEquals } from "@std/assert";
import { DirtyStore } from "./broken_stores.ts";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { mixed, type MixedOptions } from "./scenarios/mixed.ts";
import { smallServer } from "./small_server.ts";

const SHORT: MixedOptions = { steps: 250, cuts: 15, sleeps: 1, sleepMs: 150 };

Deno.test("text, bytes, topics that come and go, own logs, sessions that end: every record once, or a word about it", async () => {
  await using server = smallServer({ sessionMs: 60 });
  const outcome = await mixed(server.addr, new Random(2), SHORT);
  assertEquals(outcome.violations, []);
  // The network was gone for longer than a session lives.
  assert(parseInt(outcome.notes!) > 0);
  assert(outcome.recovered > 0);
});

Deno.test("a store that changes bytes gives out what nobody published, and the checker says so", async () => {
  await using server = smallServer({
    store: (clock, options) => new DirtyStore(clock, options),
  });
  const { violations } = await mixed(server.addr, new Random(2), {
    ...SHORT,
    steps: 60,
    cuts: 2,
    sleeps: 0,
  });
  assert(tally(violations).phantom! > 0);
});
