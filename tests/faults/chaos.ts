/**
 * `deno task chaos`: runs real servers and clients on a network with faults. Prints a table, and ends with 1 when a record
 * was lost, duplicated or reordered, when a refused message was stored, or when a gap was not announced.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { Random } from "./random.ts";
import { type ScenarioContext, SCENARIOS, unavailable } from "./scenarios.ts";
import { formatViolations, type Line, table } from "./table.ts";

const HELP = `Usage: deno task chaos [options]

  --seed NUMBER      the first seed of the random faults            [random]
  --minutes NUMBER   repeat all scenarios, each time with the next
                     seed, for this many minutes                    [0: once]
  --scenario NAME    run only this scenario; may be repeated        [all]
  --seeds NUMBER     the number of runs of the scenario 'seeds'     [20]

Scenarios: ${Object.keys(SCENARIOS).join(", ")}`;

const MAX_MINUTES = 600;
const MAX_SEEDS = 10_000;
const MAX_SEED = 2 ** 32 - 1;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "0" },
    scenario: { type: "string", multiple: true },
    seeds: { type: "string", default: "20" },
    help: { type: "boolean", short: "h" },
  },
});

function fail(message: string): never {
  console.error(`${message}. 'deno task chaos --help' shows the options.`);
  Deno.exit(2);
}

function integer(option: string, text: string, max: number, min = 0): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  fail(
    `The option '--${option}' must be an integer from ${min} to ${max}, not '${text}'`,
  );
}

/** Runs the scenarios. @returns `true` when there is no violation. */
async function run(newFile: () => string): Promise<boolean> {
  const seeds = integer("seeds", values.seeds, MAX_SEEDS, 1);
  const minutes = integer("minutes", values.minutes, MAX_MINUTES);
  const first = values.seed === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : integer("seed", values.seed, MAX_SEED);
  const missing = await unavailable();
  const names = values.scenario ??
    Object.keys(SCENARIOS).filter((name) => !missing.has(name));
  const unknown = names.find((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown !== undefined) fail(`Unknown scenario '${unknown}'`);
  for (const [name, program] of missing) {
    console.log(`SKIPPED (${program} is missing): ${name}`);
  }
  console.log(`seed ${first}`);
  const end = performance.now() + minutes * 60_000;
  const lines: Line[] = [];
  for (let seed = first; seed === first || performance.now() < end; seed++) {
    for (const scenario of names) {
      if (seed > first && performance.now() >= end) break;
      lines.push(
        await runOne(scenario, { random: new Random(seed), seeds, newFile }),
      );
    }
  }
  console.log(`\n${table(lines)}`);
  return lines.every(({ violations }) => violations.length === 0);
}

/** Runs one scenario and prints its line. */
async function runOne(
  scenario: string,
  context: ScenarioContext,
): Promise<Line> {
  const { seed } = context.random;
  const start = performance.now();
  const result = await SCENARIOS[scenario]!(context);
  const seconds = (performance.now() - start) / 1000;
  const line = { scenario, seed: String(seed), seconds, ...result };
  console.log(table([line]).split("\n")[1]);
  if (result.violations.length > 0) {
    console.log(formatViolations(result.violations));
    console.log(
      `To repeat: deno task chaos --seed ${seed} --scenario ${scenario}`,
    );
  }
  return line;
}

if (values.help) console.log(HELP);
else {
  const folder = await Deno.makeTempDir({ prefix: "drumbeat-chaos-" });
  let files = 0;
  const hasPassed = await run(() => `${folder}/${files++}.db`)
    .finally(() => Deno.remove(folder, { recursive: true }));
  Deno.exit(hasPassed ? 0 : 1);
}
