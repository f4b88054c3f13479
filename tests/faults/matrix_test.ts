import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { document } from "./matrix/document.ts";
import { type Row, type RowOutcome, verdictOf } from "./matrix/row.ts";
import { ROWS } from "./matrix/rows.ts";
import type { Transport } from "./matrix/target.ts";
import { CONTROLS, NOT_HERE } from "./matrix/tests.ts";

const row: Row = {
  name: "a",
  expected: "b",
  run: () => Promise.resolve(),
  gaps: { deno: { gap: "words" } },
  control: { how: "c", fails: "gap" },
};

function outcomeOf(
  transport: Transport,
  holds: Readonly<Record<string, boolean>>,
): RowOutcome {
  const findings = Object.entries(holds).map(([check, holds]) => ({
    check,
    holds,
    measured: `${check} | ${holds}`,
  }));
  return { row: "silent-peer", transport, findings, seconds: 1 };
}

Deno.test("a check that does not hold is a failure, unless it is a documented gap of its transport", () => {
  const verdict = (transport: Transport, holds: Record<string, boolean>) =>
    verdictOf(row, outcomeOf(transport, { lives: true, ...holds }));
  assertEquals(verdict("deno", { gap: false, x: true }), "documented gap");
  assertEquals(verdict("deno", { gap: false, x: false }), "FAILS");
  assertEquals(verdict("strict", { gap: true, x: true }), "holds");
  assertEquals(verdict("strict", { gap: false, x: true }), "FAILS");
  assertEquals(verdict("strict", { lives: false, gap: true }), "FAILS");
  assertEquals(verdictOf(row, outcomeOf("strict", {})), "FAILS");
});

Deno.test("a documented gap that the runtime has closed is a failure of the document", () => {
  const closed = outcomeOf("deno", { lives: true, gap: true });
  assertEquals(verdictOf(row, closed), "FAILS");
});

Deno.test("every row is in docs/faults.md, and every gap in docs/security.md", async () => {
  const faults = await Deno.readTextFile("docs/faults.md");
  const security = (await Deno.readTextFile("docs/security.md"))
    .replaceAll(/\s+/g, " ");
  for (const { name, gaps = {}, notOn = {} } of ROWS) {
    assertStringIncludes(faults, `\`${name}\``);
    for (const words of Object.values(notOn)) {
      assertStringIncludes(security, words);
    }
    for (const ofTransport of Object.values(gaps)) {
      for (const words of Object.values(ofTransport)) {
        assertStringIncludes(security, words);
      }
    }
  }
  assert(!faults.includes("FAILS") && !faults.includes("not run"));
});

Deno.test("the names of rows are apart, and each control fails at something that the row looks at", () => {
  assertEquals(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
  for (const name of [...NOT_HERE, ...CONTROLS]) {
    assert(ROWS.some((one) => one.name === name), name);
  }
});

Deno.test("the document keeps what is around its tables", async () => {
  const text = await Deno.readTextFile("docs/faults.md");
  const written = document(text, [outcomeOf("deno", { x: true })], []);
  const [before] = text.split("<!-- deno task faults");
  assert(written.startsWith(before!));
  assert(written.trimEnd().endsWith("<!-- to here -->"));
  assertStringIncludes(written, "x \\| true");
});
