import { tally, type Violation } from "./checker.ts";
import type { Outcome } from "./scenario.ts";

/** One line of the table. */
export interface Line extends Outcome {
  readonly scenario: string;
  readonly seed: string;
  readonly seconds: number;
}

const COLUMNS: readonly (readonly [string, (line: Line) => string])[] = [
  ["scenario", ({ scenario }) => scenario],
  ["seed", ({ seed }) => seed],
  ["seconds", ({ seconds }) => seconds.toFixed(1)],
  ["cuts", ({ cuts }) => String(cuts)],
  ["published", ({ published }) => String(published)],
  ["delivered", ({ delivered }) => String(delivered)],
  ["recovered", ({ recovered }) => String(recovered)],
  ["gaps told", ({ gaps }) => String(gaps)],
  ["violations", ({ violations }) => String(violations.length)],
  ["notes", ({ notes = "" }) => notes],
];

/** The table that `deno task chaos` prints. */
export function table(lines: readonly Line[]): string {
  const rows = [
    COLUMNS.map(([name]) => name),
    ...lines.map((line) => COLUMNS.map(([, cell]) => cell(line))),
  ];
  const widths = COLUMNS.map((_, i) =>
    Math.max(...rows.map((row) => row[i]!.length))
  );
  return rows.map((row) =>
    row.map((cell, i) => {
      const isText = i === 0 || i === COLUMNS.length - 1;
      return isText ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!);
    }).join("  ").trimEnd()
  ).join("\n");
}

/** What went wrong, in a few lines. */
export function explain(violations: readonly Violation[]): string {
  const counts = Object.entries(tally(violations))
    .map(([kind, count]) => `${count} ${kind}`).join(", ");
  const details = violations.slice(0, 10).map(({ kind, topic, who, detail }) =>
    `  ${kind}: ${[topic, who].filter(Boolean).join(", ")}: ${
      detail.slice(0, 300)
    }`
  );
  return [counts, ...details].join("\n");
}
