/**
 * `deno task faults`: runs each attack of the matrix on a real server and prints the findings. Ends with 1 when a row fails,
 * or when a negative control holds.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { document } from "./document.ts";
import { type Row, type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import { runRow } from "./run_row.ts";
import { type Transport, TRANSPORTS } from "./target.ts";

const HELP = `Usage: deno task faults [options]

  --row NAME         run only this row; may be repeated        [all]
  --transport NAME   ${TRANSPORTS.join(" or ")}; may be repeated   [all]
  --quick            run the rows at the size of the tests
  --controls         run the negative controls instead: each must fail
  --write            run both, and write the results to docs/faults.md

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

function fail(message: string): never {
  console.error(`${message}. 'deno task faults --help' shows the options.`);
  Deno.exit(2);
}

function selection(): [readonly Row[], readonly Transport[]] {
  const { row: names, transport: transports = TRANSPORTS } = values;
  for (const name of names ?? []) {
    if (!ROWS.some((row) => row.name === name)) {
      fail(`Unknown row '${name}'`);
    }
  }
  for (const name of transports) {
    if (!TRANSPORTS.includes(name as Transport)) {
      fail(`Unknown transport '${name}'`);
    }
  }
  return [
    ROWS.filter(({ name }) => names?.includes(name) ?? true),
    transports as readonly Transport[],
  ];
}

/** Runs a row and prints its findings. @returns the outcome, and `true` when it is as expected. */
async function run(
  row: Row,
  transport: Transport,
  isControl: boolean,
): Promise<[RowOutcome, boolean]> {
  // A control has to fail: the quick size is enough.
  const size = values.quick || isControl ? "quick" : "full";
  const outcome = await runRow(row, { transport, size, isControl });
  const { fails } = row.control;
  const isExpected = isControl
    ? outcome.findings.some(({ check, holds }) => check === fails && !holds)
    : verdictOf(row, outcome) !== "FAILS";
  const verdict = isControl
    ? isExpected ? "fails, as it must" : "HOLDS, and must not"
    : verdictOf(row, outcome);
  const { p99, seconds, findings } = outcome;
  const ratio = p99 === undefined
    ? ""
    : `, p99 ${p99.before.toFixed(1)} → ${p99.during.toFixed(1)} ms`;
  console.log(
    `${row.name.padEnd(26)}  ${transport.padEnd(6)}  ${verdict.padEnd(19)}  ${
      seconds.toFixed(1)
    } s${ratio}`,
  );
  for (const { check, holds, measured } of findings) {
    console.log(`    ${holds ? " " : "✗"} ${check}: ${measured}`);
  }
  return [outcome, isExpected];
}

async function main(): Promise<boolean> {
  const [rows, transports] = selection();
  const outcomes: RowOutcome[] = [];
  const controls: RowOutcome[] = [];
  let hasPassed = true;
  for (const row of rows) {
    for (const transport of transports) {
      if (row.notOn?.[transport] !== undefined) continue;
      for (
        const isControl of values.write ? [false, true] : [values.controls]
      ) {
        const [outcome, isExpected] = await run(row, transport, isControl);
        (isControl ? controls : outcomes).push(outcome);
        hasPassed &&= isExpected;
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
  return hasPassed;
}

if (values.help) console.log(HELP);
else Deno.exit(await main() ? 0 : 1);
