import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Cell, Row } from "../../bench/results.ts";
import { short, table } from "../../bench/table.ts";

function row(
  scenario: string,
  cells: Readonly<Record<string, Cell>>,
  failures: Readonly<Record<string, string>> = {},
): Row {
  const metric = { key: "perSecond", title: "deliveries/s", more: true };
  return { scenario, kind: scenario, metric, cells, failures };
}

function cell(median: number, ratio?: number, loadCpu = 0.5): Cell {
  return {
    values: [median],
    median,
    loadCpu,
    ...(ratio === undefined ? {} : { ratio }),
  };
}

Deno.test("numbers have three significant digits, and a letter for thousands and millions", () => {
  const words = [
    [0, "0"],
    [0.004, "0.004"],
    [0.0512, "0.051"],
    [1.234, "1.23"],
    [99.96, "100"],
    [1234.5, "1235"],
    [9994, "9994"],
    [9995.5, "10.0 k"],
    [123_456, "123 k"],
    [999_499, "999 k"],
    [999_500, "1.00 M"],
    [2_345_678, "2.35 M"],
  ] as const;
  for (const [value, word] of words) assertEquals(short(value), word);
});

Deno.test("the table has a column for each server and one for each ratio", () => {
  const text = table([
    row("echo", { drumbeat: cell(30_000, 1), loop: cell(60_000, 0.5) }),
    row("replay", { drumbeat: cell(2, 1) }),
  ], ["drumbeat", "loop"]);
  assertEquals(
    text,
    [
      "scenario                drumbeat    loop      ×",
      "echo      deliveries/s    30.0 k  60.0 k  0.50×",
      "replay    deliveries/s         2       –",
      "",
      "×: drumbeat's value divided by the server's. –: not supported.",
      "The load generator used at most 50 % of its core.",
    ].join("\n"),
  );
});

Deno.test("marks the numbers at which the load generator used more than 90 % of its core", () => {
  const text = table([
    row("echo", { drumbeat: cell(3, 1, 0.9), loop: cell(6, 0.5, 0.91) }),
  ], ["drumbeat", "loop"]);
  assertStringIncludes(text, " 6!  0.50×");
  assertEquals(text.includes("3!"), false);
  assertStringIncludes(
    text,
    "!: the load generator used more than 90 % of its core there",
  );
});

Deno.test("prints a failure once, with its reason", () => {
  const failed = row("echo", {}, { loop: "1 of 50 deliveries are missing" });
  const text = table([failed, failed], ["drumbeat", "loop"]);
  assertStringIncludes(text, "failed");
  const line = "FAILED: echo on loop: 1 of 50 deliveries are missing";
  assertEquals(text.split(line).length, 2);
});
