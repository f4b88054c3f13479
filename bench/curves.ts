/**
 * `deno task bench:curves`: the cost of a delivery, a connection, a topic and a record, as their number grows. Prints a
 * table for each curve, writes the numbers, and exits with 1 when a run failed. docs/performance.md has the results.
 *
 * @module
 */

import { type CurveCommand, HELP, readCurveCommand } from "./curve_options.ts";
import { type Curve, curves } from "./curve_points.ts";
import { curveTable } from "./curve_table.ts";
import { haveGenerator, type Measured } from "./generator.ts";
import { machine } from "./machine.ts";
import { PEERS } from "./peers.ts";
import { warnIfUnpinned } from "./pinning.ts";
import { Results } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { write } from "./write.ts";

type Options = Extract<CurveCommand, { run: "curves" }>;

const command = readCurveCommand(
  Deno.args,
  (quick) => curves(quick).flatMap(namesOf),
);
if (command.run === "help") console.log(HELP);
else if (command.run === "list") {
  for (const curve of curves(command.quick)) {
    console.log(namesOf(curve).join(" "));
  }
} else if (command.run === "refuse") {
  console.error(
    `${command.reason}. 'deno task bench:curves --help' lists the options.`,
  );
  Deno.exit(2);
} else Deno.exit(await run(command) ? 0 : 1);

function namesOf({ name, points }: Curve): readonly string[] {
  return [name, ...points.map(({ name }) => name)];
}

async function run(options: Options): Promise<boolean> {
  const { quick, rounds, only, add, json } = options;
  if (!await haveGenerator()) return false;
  const isPinned = await warnIfUnpinned();
  const all = curves(quick);
  const results = add ? await read(json) : new Results();
  const points = all.flatMap(({ points }) => points).filter(({ name, kind }) =>
    only === undefined || only.includes(name) || only.includes(kind)
  );
  await runRounds(results, {
    rounds,
    scenarios: points,
    peersOf: ({ peers }) => PEERS.filter(({ name }) => peers.includes(name)),
    measure: (point, peer) => point.run(peer),
  });
  for (const curve of all) {
    const text = curveTable(curve, results);
    if (text !== "") console.log(`\n${curve.name}\n\n${text}`);
  }
  const about = { ...await machine(), quick, pinned: isPinned };
  const numbers = { ...about, runs: results.runs, failures: results.failures };
  await write(json, JSON.stringify(numbers, null, 2) + "\n");
  return !results.failed;
}

/** The results of earlier runs. */
async function read(path: string): Promise<Results> {
  const results = new Results();
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return results;
    throw error;
  }
  const { runs, failures } = JSON.parse(text) as {
    runs: Readonly<Record<string, readonly Measured[]>>;
    failures: Readonly<Record<string, string>>;
  };
  for (const [key, list] of Object.entries(runs)) {
    const [name, peer] = key.split(" ");
    for (const measured of list) results.add(name!, peer!, measured);
  }
  for (const [key, reason] of Object.entries(failures)) {
    const [name, peer] = key.split(" ");
    results.fail(name!, peer!, reason);
  }
  return results;
}
