import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SqliteStore } from "../../adapters/sqlite/store.ts";
import type { Clock } from "../../hub/clock.ts";
import type { Store } from "../../hub/log/store.ts";
import {
  ForgetfulStore,
  OneEpochStore,
  withHiddenGaps,
  withoutGaps,
} from "./broken_stores.ts";
import { tally, type Violation, type ViolationKind } from "./checker.ts";
import { MemoryWorld, SESSION_MS, type WorldOptions } from "./simulation.ts";
import { histories, type Step, take } from "./steps.ts";

/** `SEED=7 RUNS=3000 deno test -A tests/faults/property_test.ts` looks further. A failing seed and path are printed. */
const PARAMETERS = {
  seed: Number(Deno.env.get("SEED") ?? 1),
  numRuns: Number(Deno.env.get("RUNS") ?? 150),
};

const onDisk = (clock: Clock): Store =>
  new SqliteStore(":memory:", clock, {
    sessionMs: SESSION_MS,
    // Cursors fall off the file's tail as well.
    maxRecords: 20,
    durability: "relaxed",
  });

async function live(
  steps: readonly Step[],
  options: WorldOptions,
): Promise<Violation[]> {
  const world = await MemoryWorld.begin(options);
  for (const step of steps) await take(world, step);
  const violations = await world.verdict();
  await world.end();
  return violations;
}

for (
  const [where, options, crashes] of [
    ["in memory", {}, true],
    ["on disk", { store: onDisk }, false],
  ] as const
) {
  Deno.test(`whatever happens, with the log ${where}, no record is lost, doubled, out of order or missed without a word`, async () => {
    await fc.assert(
      fc.asyncProperty(histories(crashes), async (steps) => {
        assertEquals(await live(steps, options), []);
      }),
      PARAMETERS,
    );
  });
}

const BROKEN: readonly (readonly [
  what: string,
  options: WorldOptions,
  found: ViolationKind,
])[] = [
  ["a store that forgets outcomes", {
    store: (clock) => new ForgetfulStore(clock, { sessionMs: SESSION_MS }),
  }, "duplicated"],
  ["a store with the same epoch after each crash", {
    store: (clock) => new OneEpochStore(clock, { sessionMs: SESSION_MS }),
  }, "diverged"],
  ["a hub that does not tell of gaps", { tamper: withoutGaps }, "lost"],
  [
    "a hub that hides gaps behind other offsets",
    { tamper: withHiddenGaps },
    "diverged",
  ],
];

for (const [what, options, found] of BROKEN) {
  Deno.test(`with ${what}, random histories come to: ${found}`, async () => {
    let kinds: ReturnType<typeof tally> = {};
    const { failed } = await fc.check(
      fc.asyncProperty(histories(true), async (steps) => {
        kinds = tally(await live(steps, options));
        return kinds[found] === undefined;
      }),
      { ...PARAMETERS, endOnFailure: true },
    );
    assert(failed, `Not found: ${found}`);
  });
}
