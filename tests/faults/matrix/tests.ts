import { assert, assertEquals } from "@std/assert";
import { play } from "./run_row.ts";
import { type RowOutcome, verdictOf } from "./row.ts";
import { ROWS } from "./rows.ts";
import type { Transport } from "./target.ts";

/** Rows that take longer than a test may, or that other tests play: the task has them all. */
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

/** Negative controls that are quick. */
export const CONTROLS: ReadonlySet<string> = new Set([
  "never-answers-close",
  "subprotocol-lists",
  "malformed-protocol",
  "ping-flood",
  "wall-clock-jump",
]);

/** Everything that was found, where it is not as it should be. */
function whatFailed({ findings }: RowOutcome): string {
  return findings.map(({ check, holds, measured }) =>
    `${holds ? "" : "✗ "}${check}: ${measured}`
  ).join("\n");
}

/** Makes a test of each row that is quick, on one transport, and of the controls that are. */
export function testRows(transport: Transport): void {
  for (const row of ROWS) {
    if (!NOT_HERE.has(row.name) && row.notOn?.[transport] === undefined) {
      Deno.test(`under attack, ${row.name}, ${transport}: ${row.expected}`, async () => {
        const outcome = await play(row, { transport, size: "quick" });
        assert(verdictOf(row, outcome) !== "FAILS", whatFailed(outcome));
      });
    }
    if (CONTROLS.has(row.name)) {
      Deno.test(`control, ${row.name}, ${transport}: ${row.control.how}, and '${row.control.fails}' does not hold`, async () => {
        const outcome = await play(row, {
          transport,
          size: "quick",
          isControl: true,
        });
        const found = outcome.findings.find(({ check }) =>
          check === row.control.fails
        );
        assertEquals(found?.holds, false, whatFailed(outcome));
      });
    }
  }
}
