import { cpus } from "node:os";
import { type Row, type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import { TRANSPORTS } from "./target.ts";

/** Between these two lines the document is written by `deno task faults --write`. */
const BEGIN = "<!-- deno task faults --write: from here -->";
const END = "<!-- to here -->";
const CONTROL = "control: it fails when";
const NOT_RUN = "not run";
/** Of what a control found: the rest is in the output of the task. */
const MOST_LETTERS = 100;

/**
 * docs/faults.md with what a run measured; what it did not play stays as it was.
 *
 * @param text the document as it is.
 * @param outcomes what the rows came to.
 * @param controls what their negative controls came to.
 */
export function document(
  text: string,
  outcomes: readonly RowOutcome[],
  controls: readonly RowOutcome[],
): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < 0) {
    throw new Error("docs/faults.md has no place for it");
  }
  const { model = "unknown" } = cpus()[0] ?? {};
  const date = new Date().toISOString().slice(0, 10);
  const machine =
    `Last measured on ${date}: Deno ${Deno.version.deno}, ${cpus().length} cores (${model}), Linux, the attackers and the bystanders on the same machine.`;
  const before = tableIn(text.slice(begin, end));
  const rows = ROWS.map((row) => {
    const known = before.get(`\`${row.name}\``) ?? new Map<string, string>();
    const cells = TRANSPORTS.map((transport) => {
      const why = row.notOn?.[transport];
      if (why !== undefined) return `**documented gap**: not played: ${why}`;
      const outcome = outcomes.find((one) =>
        one.row === row.name && one.transport === transport
      );
      return outcome === undefined
        ? known.get(transport) ?? NOT_RUN
        : cellOf(row, outcome);
    });
    const found = controls.filter((one) => one.row === row.name);
    const control = controlOf(row, found, known.get(CONTROL) ?? "");
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
    : `; p99 ${p99.quiet.toFixed(1)} → ${p99.attacked.toFixed(1)} ms`;
  const measured = findings.map((finding) => finding.measured).join("; ");
  return `**${verdictOf(row, outcome)}**: ${measured}${ratio}`;
}

/** What the control of a row found on each transport; where it was not played, what the document says. */
function controlOf(
  row: Row,
  outcomes: readonly RowOutcome[],
  known: string,
): string {
  const found = TRANSPORTS.map((transport) => {
    const outcome = outcomes.find((one) => one.transport === transport);
    if (outcome === undefined) {
      const next = `(?=; (?:${TRANSPORTS.join("|")}): |$)`;
      return new RegExp(`; ${transport}: .*?${next}`).exec(known)?.[0] ?? "";
    }
    const { measured = "nothing" } = outcome.findings.find(({ check }) =>
      check === row.control.fails
    ) ?? {};
    return `; ${transport}: ${measured.slice(0, MOST_LETTERS)}`;
  });
  return `${row.control.how}${found.join("")}`;
}

/** The cells of the table in a text, by the first one of their row and by the head of their column. */
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
