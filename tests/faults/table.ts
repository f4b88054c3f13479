import { countByKind } from "./checker.ts";
import type { ScenarioResult } from "./scenario.ts";
import type { Violation } from "./violation.ts";

/** One line of the table. */
export interface Line extends ScenarioResult {
  readonly scenario: string;
  readonly seed: string;
  readonly seconds: number;
}

const COLUMNS: readonly (readonly [string, (line: Line) => string])[] = [
  ["scenario", ({ scenario }) => scenario],
  ["seed", ({ seed }) => seed],
  ["seconds", ({ seconds }) => seconds.toFixed(1)],
  ["faults", ({ faults }) => String(faults)],
  ["published", ({ published }) => String(published)],
  ["refused", ({ refused }) => String(refused)],
  ["indeterminate", ({ indeterminate }) => String(indeterminate)],
  ["delivered", ({ delivered }) => String(delivered)],
  ["recovered", ({ recovered }) => String(recovered)],
  ["gaps", ({ gaps }) => String(gaps)],
  ["violations", ({ violations }) => String(violations.length)],
  ["notes", ({ notes = "" }) => notes],
];

/** Formats the table that `deno task chaos` prints. */
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

/** Formats violations: their number by kind, and the first ten of them. */
export function formatViolations(violations: readonly Violation[]): string {
  const counts = Object.entries(countByKind(violations))
    .map(([kind, count]) => `${count} ${kind}`).join(", ");
  const details = violations.slice(0, 10).map((
    { kind, topic, client, detail },
  ) =>
    `  ${kind}: ${[topic, client].filter(Boolean).join(", ")}: ${
      detail.slice(0, 300)
    }`
  );
  return [counts, ...details].join("\n");
}
