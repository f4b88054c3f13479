/**
 * `deno task bench`: Drumbeat and five other servers side by side on this machine. Prints a table, writes the numbers
 * and a chart, and exits with 1 when a run has missing deliveries.
 *
 * @module
 */
import { attempt } from "./attempt.ts";
import { chart } from "./chart.ts";
import { haveGenerator } from "./generator.ts";
import { install } from "./install.ts";
import { machine } from "./machine.ts";
import { measure } from "./measure.ts";
import { type Command, HELP, type Names, readCommand } from "./options.ts";
import { type Peer, PEERS } from "./peers.ts";
import { canPin } from "./pinning.ts";
import { Results } from "./results.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { table } from "./table.ts";
import { write } from "./write.ts";

type Bench = Extract<Command, { run: "bench" }>;

const command = readCommand(Deno.args, names);
if (command.run === "help") console.log(HELP);
else if (command.run === "list") list(command.quick);
else if (command.run === "refuse") {
  console.error(`${command.why}. 'deno task bench --help' lists the options.`);
  Deno.exit(2);
} else Deno.exit(await bench(command) ? 0 : 1);

function names(quick: boolean): Names {
  const all = scenarios(quick);
  return {
    scenarios: [...new Set(all.flatMap(({ name, kind }) => [kind, name]))],
    peers: PEERS.map(({ name }) => name),
  };
}

function list(quick: boolean): void {
  console.log(
    `scenarios  ${scenarios(quick).map(({ name }) => name).join(" ")}`,
  );
  console.log(`servers    ${PEERS.map(({ name }) => name).join(" ")}`);
}

async function bench(options: Bench): Promise<boolean> {
  const { quick, rounds, only } = options;
  if (!await haveGenerator()) return false;
  const chosen = scenarios(quick).filter(({ name, kind }) =>
    only === undefined || only.includes(name) || only.includes(kind)
  );
  const peers = await present(options);
  const isPinned = await canPin();
  if (!isPinned) console.error("Nothing is pinned: no taskset, or one core");
  const results = await play(chosen, peers, rounds);
  const columns = peers.map(({ name }) => name);
  const rows = results.rows(chosen, columns);
  const about = { ...await machine(), quick, rounds, pinned: isPinned };
  console.log(`\n${table(rows, columns)}`);
  const numbers = { ...about, rows, runs: results.runs };
  await write(options.json, JSON.stringify(numbers, null, 2) + "\n");
  await write(options.svg, chart(rows, peers, `${about.cpu}, ${about.date}`));
  return !results.failed;
}

/** Returns the chosen servers that can run on this machine. */
async function present({ peers }: Bench): Promise<readonly Peer[]> {
  const chosen = PEERS.filter(({ name }) => peers?.includes(name) ?? true);
  const missing = await install(chosen);
  for (const [name, why] of missing) {
    console.error(`${name} is skipped: ${why}`);
  }
  return chosen.filter(({ name }) => !missing.has(name));
}

/** Rounds alternate: a slow period of the machine affects all servers. */
async function play(
  chosen: readonly Scenario[],
  peers: readonly Peer[],
  rounds: number,
): Promise<Results> {
  const results = new Results();
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of chosen) {
      for (const peer of peers) {
        if (!peer.duties.includes(scenario.duty)) continue;
        const line = await attempt(
          results,
          scenario,
          peer,
          () => measure(scenario, peer),
        );
        console.error(
          `${round}/${rounds}  ${scenario.name}  ${peer.name}  ${line}`,
        );
      }
    }
  }
  return results;
}
