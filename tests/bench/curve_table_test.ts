import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Curve, Point } from "../../bench/curve_points.ts";
import { curveTable } from "../../bench/curve_table.ts";
import { Results } from "../../bench/results.ts";

const RATE = { key: "rate", title: "deliveries/CPU s", more: true };

function curve(peers: readonly string[], xs: readonly number[]): Curve {
  const points = xs.map((x): Point => ({
    name: `topics-${x}`,
    kind: "topics",
    x,
    metrics: [RATE],
    // As in the curve over topics: not every server supports the last point.
    peers: x === xs.at(-1) ? peers.slice(0, 1) : peers,
    run: () => Promise.resolve({}),
  }));
  const fits = [{
    key: "cost",
    title: "CPU of one message",
    unit: "µs",
    each: { unit: "ns", times: 1000 },
    byShare: true,
  }];
  return { name: "topics", axis: "topics", one: "topic", points, fits };
}

Deno.test("a curve has a line for each point, with the spread of its rounds and the ratio of the rounds", () => {
  const results = new Results();
  for (const rate of [90, 100, 110]) {
    results.add("topics-1", "drumbeat", { rate });
    results.add("topics-1", "loop", { rate: rate / 2 });
    results.add("topics-1000", "drumbeat", { rate: 50_000 });
  }
  const [head, rule, first, second, ...rest] = curveTable(
    curve(["drumbeat", "loop"], [1, 1000]),
    results,
  ).split("\n");
  assertEquals(
    head,
    "| topics | deliveries/CPU s, drumbeat | deliveries/CPU s, loop | drumbeat ÷ loop |",
  );
  assertEquals(rule, "| --: | --: | --: | --: |");
  assertEquals(first, "| 1 | 100 ± 10 % | 50 ± 10 % | 2.00× |");
  assertEquals(second, "| 1,000 | 50.0 k ± 0 % | – | – |");
  // `cost` was not measured.
  assertEquals(rest.length > 0, true);
});

Deno.test("the line is fitted through the medians and reports the largest deviation", () => {
  const results = new Results();
  for (const x of [1, 10, 100]) {
    results.add(`topics-${x}`, "drumbeat", { rate: 1, cost: 5 + 2 * x });
  }
  const text = curveTable(curve(["drumbeat"], [1, 10, 100]), results);
  assertStringIncludes(
    text,
    "CPU of one message, drumbeat: 5.00 µs + 2000 ns for each topic; no point is farther from it than 0 %.",
  );
  assertEquals(text.includes("÷"), false);
});

Deno.test("points that were not measured are omitted, and two points have no line", () => {
  const results = new Results();
  results.add("topics-1", "drumbeat", { rate: 1, cost: 1 });
  results.add("topics-10", "drumbeat", { rate: 1, cost: 1 });
  const text = curveTable(curve(["drumbeat"], [1, 10, 100]), results);
  assertEquals(text.includes("| 100 |"), false);
  assertStringIncludes(text, "too few points for a line");
  assertEquals(curveTable(curve(["drumbeat"], [1]), new Results()), "");
});

Deno.test("a failure and a busy load generator are marked", () => {
  const results = new Results();
  results.add("topics-1", "drumbeat", { rate: 7, loadCpu: 0.95 });
  results.fail("topics-1", "loop", "1 of 50 deliveries are missing");
  const text = curveTable(curve(["drumbeat", "loop"], [1, 2]), results);
  assertStringIncludes(text, "| 1 | 7! | failed | – |");
});
