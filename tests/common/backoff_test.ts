import { assertEquals } from "@std/assert";
import { backoffMs } from "../../common/backoff.ts";

const BOUNDS = { minMs: 500, maxMs: 10_000 };

for (
  const [retry, random, ms] of [
    [0, 0, 250],
    [0, 1, 500],
    [1, 1, 1_000],
    [4, 1, 8_000],
    [5, 1, 10_000],
    [5, 0, 5_000],
    [5_000, 0.5, 7_500],
  ] as const
) {
  Deno.test(`waits ${ms} ms before retry ${retry} for the random number ${random}`, () => {
    assertEquals(backoffMs(retry, BOUNDS, random), ms);
  });
}
