import { assertEquals } from "@std/assert";
import { Results } from "../../bench/results.ts";
import type { Scenario } from "../../bench/scenarios.ts";

const echo: Scenario = {
  name: "echo",
  kind: "echo",
  duty: "echo",
  load: [],
  metrics: [{ key: "perSecond", title: "deliveries/s", more: true }],
};

Deno.test("a row has the median of each server and the ratio of the first one's rounds to its own", () => {
  const results = new Results();
  for (const [ours, theirs] of [[10, 5], [40, 10], [30, 10]] as const) {
    results.add("echo", "drumbeat", { perSecond: ours, loadCpu: 0.5 });
    results.add("echo", "loop", { perSecond: theirs });
  }
  const [row] = results.rows([echo], ["drumbeat", "loop"]);
  assertEquals(row?.cells, {
    drumbeat: { values: [10, 40, 30], median: 30, loadCpu: 0.5 },
    loop: { values: [5, 10, 10], median: 10, ratio: 3 },
  });
  assertEquals(results.failed, false);
});

Deno.test("one failed round removes the server from the row", () => {
  const results = new Results();
  results.add("echo", "drumbeat", { perSecond: 10 });
  results.add("echo", "loop", { perSecond: 10 });
  results.fail("echo", "loop", "1 of 50 deliveries are missing");
  const [row] = results.rows([echo], ["drumbeat", "loop"]);
  assertEquals(Object.keys(row!.cells), ["drumbeat"]);
  assertEquals(row?.failures, { loop: "1 of 50 deliveries are missing" });
  assertEquals(results.failed, true);
});

Deno.test("without a number of the first server there is no ratio", () => {
  const results = new Results();
  results.fail("echo", "drumbeat", "did not start");
  results.add("echo", "loop", { perSecond: 10 });
  const [row] = results.rows([echo], ["drumbeat", "loop"]);
  assertEquals(row?.cells, { loop: { values: [10], median: 10 } });
  const zero = new Results();
  zero.add("echo", "drumbeat", { perSecond: 0 });
  zero.add("echo", "loop", { perSecond: 0 });
  const [none] = zero.rows([echo], ["drumbeat", "loop"]);
  assertEquals(none?.cells.loop?.ratio, undefined);
});
