/**
 * `deno task faults`: attacks a real server in each way of the matrix, and prints what held. Ends with 1 when anything that
 * is expected does not hold, or a negative control does.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { document } from "./document.ts";
import { play } from "./run_row.ts";
import { type Row, type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import { type Transport, TRANSPORTS } from "./target.ts";

const HELP = `Usage: deno task faults [options]

  --row NAME         only this one; may be given more than once      [all]
  --transport NAME   ${
  TRANSPORTS.join(" or ")
}; may be given more than once  [all]
  --quick            as much of each as the tests play
  --controls         the negative controls instead: each must fail
  --write            both, and write what came of it into docs/faults.md

Rows: ${ROWS.map(({ name }) => name).join(", ")}`;

const DOCUMENT = new URL("../../../docs/faults.md", import.meta.url);

const { values } = parseArgs({
  args: Deno.args,
  options: {
    row: { type: "string", multiple: true },
    transport: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    controls: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});

function refuse(why: string): never {
  console.error(`${why}. 'deno task faults --help' shows the options.`);
  Deno.exit(2);
}

function chosen(): [readonly Row[], readonly Transport[]] {
  const { row: names, transport: transports = TRANSPORTS } = values;
  for (const name of names ?? []) {
    if (!ROWS.some((row) => row.name === name)) {
      refuse(`There is no row '${name}'`);
    }
  }
  for (const name of transports) {
    if (!TRANSPORTS.includes(name as Transport)) {
      refuse(`There is no transport '${name}'`);
    }
  }
  return [
    ROWS.filter(({ name }) => names?.includes(name) ?? true),
    transports as readonly Transport[],
  ];
}

/** Plays a row and prints a line of it. @returns whether it is as it should be. */
async function run(
  row: Row,
  transport: Transport,
  isControl: boolean,
): Promise<[RowOutcome, boolean]> {
  // A control is to fail, and does so soon.
  const size = values.quick || isControl ? "quick" : "full";
  const outcome = await play(row, { transport, size, isControl });
  const { fails } = row.control;
  const isWell = isControl
    ? outcome.findings.some(({ check, holds }) => check === fails && !holds)
    : verdictOf(row, outcome) !== "FAILS";
  const verdict = isControl
    ? isWell ? "fails, as it must" : "HOLDS, and must not"
    : verdictOf(row, outcome);
  const { p99, seconds, findings } = outcome;
  const ratio = p99 === undefined
    ? ""
    : `, p99 ${p99.quiet.toFixed(1)} → ${p99.attacked.toFixed(1)} ms`;
  console.log(
    `${row.name.padEnd(26)}  ${transport.padEnd(6)}  ${verdict.padEnd(19)}  ${
      seconds.toFixed(1)
    } s${ratio}`,
  );
  for (const { check, holds, measured } of findings) {
    console.log(`    ${holds ? " " : "✗"} ${check}: ${measured}`);
  }
  return [outcome, isWell];
}

async function main(): Promise<boolean> {
  const [rows, transports] = chosen();
  const outcomes: RowOutcome[] = [];
  const controls: RowOutcome[] = [];
  let isWell = true;
  for (const row of rows) {
    for (const transport of transports) {
      if (row.notOn?.[transport] !== undefined) continue;
      for (
        const isControl of values.write ? [false, true] : [values.controls]
      ) {
        const [outcome, well] = await run(row, transport, isControl);
        (isControl ? controls : outcomes).push(outcome);
        isWell &&= well;
      }
    }
  }
  if (values.write) {
    await Deno.writeTextFile(
      DOCUMENT,
      document(await Deno.readTextFile(DOCUMENT), outcomes, controls),
    );
    await new Deno.Command(Deno.execPath(), {
      args: ["fmt", "-q", DOCUMENT.pathname],
    }).output();
  }
  return isWell;
}

if (values.help) console.log(HELP);
else Deno.exit(await main() ? 0 : 1);
