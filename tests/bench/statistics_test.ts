import { assertEquals, assertThrows } from "@std/assert";
import { median, ratio } from "../../bench/statistics.ts";

Deno.test("the median is the middle, and of an even number the mean of the two in the middle", () => {
  assertEquals(median([7]), 7);
  assertEquals(median([100, 1, 3]), 3);
  assertEquals(median([10, 2, 4, 1000]), 7);
});

Deno.test("the median sorts by number and leaves the values as they were", () => {
  const values = [9, 10, 100];
  assertEquals(median([100, 9, 10]), 10);
  median(values);
  assertEquals(values, [9, 10, 100]);
});

Deno.test("there is no median of nothing", () => {
  assertThrows(() => median([]), RangeError);
});

Deno.test("the ratio compares round by round, so that a slow minute is slow for both", () => {
  // The medians alone would say 30 / 20.
  assertEquals(ratio([10, 30, 100], [5, 15, 50]), 2);
  assertEquals(ratio([10, 30, 100], [50, 15, 20]), 2);
});

Deno.test("rounds of different numbers cannot be compared", () => {
  assertThrows(() => ratio([1, 2], [1]), RangeError, "2 rounds");
});
