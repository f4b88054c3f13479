import { cpus } from "node:os";
import { type Row, type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import { TRANSPORTS } from "./target.ts";

/** Between these two lines the document is written by `deno task faults --write`. */
const BEGIN = "<!-- deno task faults --write: from here -->";
const END = "<!-- to here -->";
const CONTROL = "negative control";
const NOT_MEASURED = "not measured";
/** The length of a control's measurement in the document. The output of the task has all of it. */
const MAX_CHARACTERS = 100;

/**
 * Writes the measurements of a run into docs/faults.md. Rows that did not run keep their old measurements.
 *
 * @param text the document.
 * @param outcomes the outcomes of the rows.
 * @param controls the outcomes of the negative controls.
 * @returns the new document.
 */
export function document(
  text: string,
  outcomes: readonly RowOutcome[],
  controls: readonly RowOutcome[],
): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < 0) {
    throw new Error(
      "Cannot write docs/faults.md: it has no place for the table",
    );
  }
  const { model = "unknown" } = cpus()[0] ?? {};
  const date = new Date().toISOString().slice(0, 10);
  const machine =
    `Last measured on ${date}: Deno ${Deno.version.deno}, ${cpus().length} cores (${model}), Linux, with the attackers and the witness clients on the same machine.`;
  const before = tableIn(text.slice(begin, end));
  const rows = ROWS.map((row) => {
    const old = before.get(`\`${row.name}\``) ?? new Map<string, string>();
    const cells = TRANSPORTS.map((transport) => {
      const reason = row.notOn?.[transport];
      if (reason !== undefined) return `**documented gap**: not run: ${reason}`;
      const outcome = outcomes.find((one) =>
        one.row === row.name && one.transport === transport
      );
      return outcome === undefined
        ? old.get(transport) ?? NOT_MEASURED
        : cellOf(row, outcome);
    });
    const found = controls.filter((one) => one.row === row.name);
    const control = controlOf(row, found, old.get(CONTROL) ?? "");
    return [`\`${row.name}\``, row.expected, ...cells, control];
  });
  const head = ["row", "expected", ...TRANSPORTS, CONTROL];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) =>
    `| ${cells.map(escaped).join(" | ")} |`
  );
  return `${text.slice(0, begin)}${BEGIN}\n\n${machine}\n\n${
    lines.join("\n")
  }\n\n${text.slice(end)}`;
}

function cellOf(row: Row, outcome: RowOutcome): string {
  const { p99, findings } = outcome;
  const ratio = p99 === undefined
    ? ""
    : `; p99 ${p99.before.toFixed(1)} → ${p99.during.toFixed(1)} ms`;
  const measured = findings.map((finding) => finding.measured).join("; ");
  return `**${verdictOf(row, outcome)}**: ${measured}${ratio}`;
}

/** Returns the measurements of a row's control, with the old ones of a transport on which it did not run. */
function controlOf(
  row: Row,
  outcomes: readonly RowOutcome[],
  old: string,
): string {
  const found = TRANSPORTS.map((transport) => {
    const outcome = outcomes.find((one) => one.transport === transport);
    if (outcome === undefined) {
      const next = `(?=; (?:${TRANSPORTS.join("|")}): |$)`;
      return new RegExp(`; ${transport}: .*?${next}`).exec(old)?.[0] ?? "";
    }
    const { measured = "nothing" } = outcome.findings.find(({ check }) =>
      check === row.control.fails
    ) ?? {};
    return `; ${transport}: ${measured.slice(0, MAX_CHARACTERS)}`;
  });
  return `${row.control.how}${found.join("")}`;
}

/** Returns the cells of a text's table by row and column. */
function tableIn(text: string): Map<string, Map<string, string>> {
  const [head = [], , ...rows] = text.split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line.split(/(?<!\\)\|/).slice(1, -1).map((cell) =>
        cell.trim().replaceAll("\\|", "|")
      )
    );
  return new Map(rows.map((cells) => [
    cells[0] ?? "",
    new Map(cells.map((cell, n) => [head[n] ?? "", cell])),
  ]));
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
}
