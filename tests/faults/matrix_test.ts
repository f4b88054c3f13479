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

Deno.test("a check that does not hold fails the row, unless it is a documented gap of the transport", () => {
  const verdict = (transport: Transport, holds: Record<string, boolean>) =>
    verdictOf(row, outcomeOf(transport, { alive: true, ...holds }));
  assertEquals(verdict("deno", { gap: false, x: true }), "documented gap");
  assertEquals(verdict("deno", { gap: false, x: false }), "FAILS");
  assertEquals(verdict("strict", { gap: true, x: true }), "holds");
  assertEquals(verdict("strict", { gap: false, x: true }), "FAILS");
  assertEquals(verdict("strict", { alive: false, gap: true }), "FAILS");
  assertEquals(verdictOf(row, outcomeOf("strict", {})), "FAILS");
});

Deno.test("a documented gap that holds fails the row", () => {
  const closed = outcomeOf("deno", { alive: true, gap: true });
  assertEquals(verdictOf(row, closed), "FAILS");
});

Deno.test("docs/faults.md has every row with its texts, and docs/security.md has every gap", async () => {
  const faults = (await Deno.readTextFile("docs/faults.md"))
    .replaceAll(/ +/g, " ");
  const security = (await Deno.readTextFile("docs/security.md"))
    .replaceAll(/\s+/g, " ");
  for (const { name, expected, control, gaps = {}, notOn = {} } of ROWS) {
    const texts = [`| \`${name}\` | ${expected} |`, `| ${control.how}; `];
    for (const text of texts) assert(faults.includes(text), text);
    const words = Object.values(gaps).flatMap((ofTransport) =>
      Object.values(ofTransport)
    );
    for (const text of [...Object.values(notOn), ...words]) {
      assert(security.includes(text), `${name}: '${text}'`);
    }
  }
  assert(!faults.includes("FAILS") && !faults.includes("not measured"));
});

Deno.test("row names are unique, and the lists of the tests name existing rows", () => {
  assertEquals(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
  for (const name of [...NOT_HERE, ...CONTROLS]) {
    assert(ROWS.some((one) => one.name === name), name);
  }
});

Deno.test("writing the document keeps the text around the table", async () => {
  const text = await Deno.readTextFile("docs/faults.md");
  const written = document(text, [outcomeOf("deno", { x: true })], []);
  const [before] = text.split("<!-- deno task faults");
  assert(written.startsWith(before!));
  assert(written.trimEnd().endsWith("<!-- to here -->"));
  assertStringIncludes(written, "x \\| true");
});
