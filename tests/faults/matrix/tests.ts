import { assert, assertEquals } from "@std/assert";
import { type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import { runRow } from "./run_row.ts";
import type { Transport } from "./target.ts";

/** Rows that are too slow for a test or that other tests cover. `deno task faults` runs all of them. */
export const NOT_HERE: ReadonlySet<string> = new Set([
  // tests/server/stalled_test.ts
  "black-hole",
  "stalled-reader",
  "one-byte-a-second",
  "resumes-after-3-s",
  // tests/page/hostile_test.ts
  "hostile-page",
  // tests/faults/descriptors_test.ts
  "no-descriptors",
  "subscribe-churn",
  "2,000-clients-in-512-mib",
]);

/** Quick negative controls. */
export const CONTROLS: ReadonlySet<string> = new Set([
  "never-answers-close",
  "subprotocol-lists",
  "malformed-protocol",
  "ping-flood",
  "wall-clock-jump",
]);

function formatFindings({ findings }: RowOutcome): string {
  return findings.map(({ check, holds, measured }) =>
    `${holds ? "" : "✗ "}${check}: ${measured}`
  ).join("\n");
}

/** Registers a test for each quick row and each quick control on one transport. */
export function testRows(transport: Transport): void {
  for (const row of ROWS) {
    if (!NOT_HERE.has(row.name) && row.notOn?.[transport] === undefined) {
      Deno.test(`attack ${row.name} (${transport}): ${row.expected}`, async () => {
        const outcome = await runRow(row, { transport, size: "quick" });
        assert(verdictOf(row, outcome) !== "FAILS", formatFindings(outcome));
      });
    }
    if (CONTROLS.has(row.name)) {
      Deno.test(`control ${row.name} (${transport}): with ${row.control.how}, '${row.control.fails}' does not hold`, async () => {
        const outcome = await runRow(row, {
          transport,
          size: "quick",
          isControl: true,
        });
        const found = outcome.findings.find(({ check }) =>
          check === row.control.fails
        );
        assertEquals(found?.holds, false, formatFindings(outcome));
      });
    }
  }
}
