/**
 * `deno task bench`: Drumbeat and five other servers side by side on this machine. Prints a table, writes the numbers
 * and a chart, and exits with 1 when a run has missing deliveries.
 *
 * @module
 */
import { chart } from "./chart.ts";
import { haveGenerator } from "./generator.ts";
import { installed } from "./install.ts";
import { machine } from "./machine.ts";
import { measure } from "./measure.ts";
import { type Command, HELP, type Names, readCommand } from "./options.ts";
import { PEERS } from "./peers.ts";
import { warnIfUnpinned } from "./pinning.ts";
import { Results } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { scenarios } from "./scenarios.ts";
import { table } from "./table.ts";
import { write } from "./write.ts";

type Bench = Extract<Command, { run: "bench" }>;

const command = readCommand(Deno.args, names);
if (command.run === "help") console.log(HELP);
else if (command.run === "list") list(command.quick);
else if (command.run === "refuse") {
  console.error(
    `${command.reason}. 'deno task bench --help' lists the options.`,
  );
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
  const peers = await installed(
    PEERS.filter(({ name }) => options.peers?.includes(name) ?? true),
  );
  const isPinned = await warnIfUnpinned();
  const results = new Results();
  await runRounds(results, {
    rounds,
    scenarios: chosen,
    peersOf: ({ duty }) => peers.filter(({ duties }) => duties.includes(duty)),
    measure,
  });
  const columns = peers.map(({ name }) => name);
  const rows = results.rows(chosen, columns);
  const about = { ...await machine(), quick, rounds, pinned: isPinned };
  console.log(`\n${table(rows, columns)}`);
  const numbers = { ...about, rows, runs: results.runs };
  await write(options.json, JSON.stringify(numbers, null, 2) + "\n");
  await write(options.svg, chart(rows, peers, `${about.cpu}, ${about.date}`));
  return !results.failed;
}
