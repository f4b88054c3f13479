import { assertEquals, assertStringIncludes } from "@std/assert";
import { chart } from "../../bench/chart.ts";
import type { Cell, Row } from "../../bench/results.ts";

const PEERS = [
  { name: "drumbeat", title: "Drumbeat" },
  { name: "loop", title: "Loop <on> Deno & more" },
];

function row(scenario: string, cells: Readonly<Record<string, Cell>>): Row {
  const metric = { key: "perSecond", title: "deliveries/s", more: true };
  return { scenario, kind: "fan-out", metric, cells, failures: {} };
}

function cell(median: number): Cell {
  return { values: [median], median };
}

function widths(svg: string): readonly number[] {
  return [...svg.matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) =>
    Number(width)
  );
}

Deno.test("bars are proportional to their numbers in each panel, and the first server's has its own colour", () => {
  const svg = chart(
    [
      row("fan-out-1x500", { drumbeat: cell(100), loop: cell(200) }),
      row("fan-out-8x500", {
        drumbeat: cell(6_000_000),
        loop: cell(1_000_000),
      }),
    ],
    PEERS,
    "a machine",
  );
  const [a, b, c, d] = widths(svg);
  assertEquals(a! * 2, b);
  assertEquals(c, b);
  assertEquals(Math.round(c! / d!), 6);
  assertEquals(svg.match(/class="ours"/g)?.length, 2);
  assertEquals(svg.match(/class="other"/g)?.length, 2);
  assertStringIncludes(svg, "Deliveries/s to 500 connections, 8 in flight");
  assertStringIncludes(svg, ">6.00 M<");
});

Deno.test("the chart is well-formed with special characters in names, and has a dark theme", () => {
  const rows = [row("fan-out-1x500", { loop: cell(1) })];
  const svg = chart(rows, PEERS, "R&D <1>");
  assertStringIncludes(svg, "Loop &lt;on&gt; Deno &amp; more");
  assertStringIncludes(svg, "R&amp;D &lt;1&gt;");
  assertStringIncludes(svg, "@media (prefers-color-scheme: dark)");
  const opened = svg.match(/<(svg|style|text)\b/g)?.length;
  assertEquals(svg.match(/<\/(svg|style|text)>/g)?.length, opened);
});

Deno.test("the chart has fan-out to 500, and without it every rate", () => {
  const rows = [
    row("fan-out-1x500", { drumbeat: cell(1) }),
    row("fan-out-1x5000", { drumbeat: cell(1) }),
  ];
  assertEquals(widths(chart(rows, PEERS, "")).length, 1);
  assertEquals(widths(chart(rows.slice(1), PEERS, "")).length, 1);
  assertEquals(widths(chart([], PEERS, "")).length, 0);
});
