import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SqliteStore } from "../../adapters/sqlite/loop_store.ts";
import type { Clock } from "../../hub/clock.ts";
import type { Store } from "../../hub/log/store.ts";
import {
  ConstantEpochStore,
  NoDeduplicationStore,
  RefusingStore,
} from "./broken_stores.ts";
import { dropGaps, hideGaps } from "./broken_sockets.ts";
import { countByKind } from "./checker.ts";
import {
  SESSION_MS,
  Simulation,
  type SimulationOptions,
} from "./simulation.ts";
import { apply, histories, type Step } from "./steps.ts";
import type { Violation, ViolationKind } from "./violation.ts";

/**
 * Other histories: `SEED=7 RUNS=3000 deno test -A tests/faults/property_test.ts`. fast-check prints the seed and the path of
 * a failing one.
 */
const PARAMETERS = {
  seed: Number(Deno.env.get("SEED") ?? 1),
  numRuns: Number(Deno.env.get("RUNS") ?? 150),
};

const onDisk = (clock: Clock): Store =>
  new SqliteStore(":memory:", clock, {
    sessionMs: SESSION_MS,
    // Few enough that cursors fall behind the file's tail too.
    maxRecords: 20,
    durability: "relaxed",
  });

async function run(
  steps: readonly Step[],
  options: SimulationOptions,
): Promise<Violation[]> {
  const simulation = await Simulation.start(options);
  for (const step of steps) await apply(simulation, step);
  const violations = await simulation.check();
  await simulation.close();
  return violations;
}

for (
  const [store, options, crashes] of [
    ["in memory", {}, true],
    ["on disk", { store: onDisk }, false],
  ] as const
) {
  Deno.test(`every history keeps every record once and in order, or announces a gap (log ${store})`, async () => {
    await fc.assert(
      fc.asyncProperty(histories(crashes), async (steps) => {
        assertEquals(await run(steps, options), []);
      }),
      PARAMETERS,
    );
  });
}

const BROKEN: readonly (readonly [
  fault: string,
  options: SimulationOptions,
  kind: ViolationKind,
])[] = [
  ["a store that drops outcomes", {
    store: (clock) =>
      new NoDeduplicationStore(clock, { sessionMs: SESSION_MS }),
  }, "duplicated"],
  ["a store that keeps its epoch after a crash", {
    store: (clock) => new ConstantEpochStore(clock, { sessionMs: SESSION_MS }),
  }, "diverged"],
  ["a store that refuses messages and stores them", {
    store: (clock) => new RefusingStore(clock, { sessionMs: SESSION_MS }),
  }, "refused but stored"],
  ["a hub that sends no gaps", { tamper: dropGaps }, "lost"],
  [
    "a hub that renumbers the records after a gap",
    { tamper: hideGaps },
    "diverged",
  ],
];

for (const [fault, options, kind] of BROKEN) {
  Deno.test(`control: random histories of ${fault} have a violation '${kind}'`, async () => {
    let kinds: ReturnType<typeof countByKind> = {};
    const { failed } = await fc.check(
      fc.asyncProperty(histories(true), async (steps) => {
        kinds = countByKind(await run(steps, options));
        return kinds[kind] === undefined;
      }),
      { ...PARAMETERS, endOnFailure: true },
    );
    assert(failed, `No history has a violation '${kind}'`);
  });
}
