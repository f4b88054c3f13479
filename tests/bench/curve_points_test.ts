import { assertEquals } from "@std/assert";
import { curves } from "../../bench/curve_points.ts";
import { measureMemory } from "../../bench/memory.ts";

Deno.test("the names of points are unique, and the full run has those of the quick one", () => {
  const names = (quick: boolean) =>
    curves(quick).flatMap(({ name, points }) => [
      name,
      ...points.map(({ name }) => name),
    ]);
  const full = new Set(names(false));
  assertEquals(full.size, names(false).length);
  assertEquals(names(true).filter((name) => !full.has(name)), []);
});

Deno.test("only Drumbeat has more topics than connections", () => {
  const topics = curves(false).find(({ name }) => name === "topics")!;
  assertEquals(
    topics.points.map(({ x, peers }) => [x, peers.length]),
    [[1, 2], [10, 2], [100, 2], [1000, 2], [10_000, 1]],
  );
});

Deno.test("a filled hub keeps its records, and then forgets them", async () => {
  const { rssMib, heapMib, heapAfterMib } = await measureMemory(
    "records",
    2000,
  );
  assertEquals(rssMib! > 10, true);
  // 2,000 messages of 100 bytes: other objects on the heap vary by some 100 KiB.
  assertEquals(
    heapMib! - heapAfterMib! > 0.1,
    true,
    `${heapMib} ${heapAfterMib}`,
  );
});
