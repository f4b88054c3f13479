import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { fitLine, median, ratio } from "../../bench/statistics.ts";

Deno.test("the median is the middle, and of an even number the mean of the two in the middle", () => {
  assertEquals(median([7]), 7);
  assertEquals(median([100, 1, 3]), 3);
  assertEquals(median([10, 2, 4, 1000]), 7);
});

Deno.test("the median sorts by number and does not change its input", () => {
  const values = [9, 10, 100];
  assertEquals(median([100, 9, 10]), 10);
  median(values);
  assertEquals(values, [9, 10, 100]);
});

Deno.test("rejects the median of an empty list", () => {
  assertThrows(() => median([]), RangeError);
});

Deno.test("the ratio compares round by round, so that a slow minute is slow for both", () => {
  // The ratio of the medians would be 30 / 20.
  assertEquals(ratio([10, 30, 100], [5, 15, 50]), 2);
  assertEquals(ratio([10, 30, 100], [50, 15, 20]), 2);
});

Deno.test("rounds of different numbers cannot be compared", () => {
  assertThrows(() => ratio([1, 2], [1]), RangeError, "2 rounds");
});

Deno.test("fits a straight line without deviation", () => {
  for (const byShare of [false, true]) {
    const { base, slope, off } = fitLine(
      [[1, 12], [10, 30], [1000, 2010]],
      { byShare },
    );
    assertAlmostEquals(base, 10, 1e-9);
    assertAlmostEquals(slope, 2, 1e-9);
    assertAlmostEquals(off, 0, 1e-9);
  }
});

Deno.test("reports the largest deviation in y", () => {
  // By hand: the means are 1 and 4/3, so the slope is 4/2 and the base 4/3 - 2.
  const { base, slope, off } = fitLine([[0, 0], [1, 0], [2, 4]]);
  assertAlmostEquals(slope, 2, 1e-9);
  assertAlmostEquals(base, -2 / 3, 1e-9);
  assertAlmostEquals(off, 4 / 3, 1e-9);
});

Deno.test("in a relative fit, a small value counts as much as a large one", () => {
  const points = [[1, 2], [2, 2], [1000, 1000]] as const;
  const plain = fitLine(points);
  const shares = fitLine(points, { byShare: true });
  // A deviation of 1 is small for 1,000, and half of 2.
  assertEquals(plain.off > 0.4, true);
  assertEquals(shares.off < 0.3, true);
});

Deno.test("rejects a line through one point", () => {
  assertThrows(() => fitLine([[1, 2], [1, 3]]), RangeError);
});
