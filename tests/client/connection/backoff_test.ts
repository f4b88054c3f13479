import { assertEquals } from "@std/assert";
import { Backoff } from "../../../client/connection/backoff.ts";

const settings = {
  minMs: 500,
  maxMs: 15_000,
  attempts: Infinity,
};

/** Returns the waits of the first retries in a row. */
function waits(count: number, random: number): (number | undefined)[] {
  const backoff = new Backoff(settings);
  return Array.from({ length: count }, () => backoff.next(random));
}

Deno.test("half of a wait is fixed and half is random", () => {
  assertEquals([0, 0.5, 1].map((random) => waits(1, random)[0]), [
    250,
    375,
    500,
  ]);
});

Deno.test("waits double up to the maximum, without an overflow after ten thousand retries", () => {
  assertEquals(waits(7, 1), [
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    15_000,
    15_000,
  ]);
  assertEquals(waits(10_001, 1).at(-1), 15_000);
  assertEquals(waits(10_001, 0).at(-1), 7_500);
});

Deno.test("a wait lies between half of the full wait and all of it", () => {
  for (const random of [0, 0.123, 0.999]) {
    for (const [retry, wait] of waits(12, random).entries()) {
      const full = Math.min(15_000, 500 * 2 ** retry);
      assertEquals(
        wait! >= full / 2 && wait! <= full,
        true,
        `${wait} of ${full}`,
      );
    }
  }
});

Deno.test("each retry in a row waits longer, until a connection was stable", () => {
  const backoff = new Backoff(settings);
  assertEquals([backoff.next(1), backoff.next(1), backoff.next(1)], [
    500,
    1_000,
    2_000,
  ]);
  assertEquals(backoff.attempt, 3);
  backoff.connectionClosed(9_999);
  assertEquals(backoff.attempt, 3);
  backoff.connectionClosed(10_000);
  assertEquals(backoff.attempt, 0);
  assertEquals(backoff.next(1), 500);
});

Deno.test("next() returns undefined after the last attempt", () => {
  const backoff = new Backoff({ ...settings, attempts: 2 });
  assertEquals([backoff.next(0), backoff.next(0), backoff.next(0)], [
    250,
    500,
    undefined,
  ]);
  assertEquals(new Backoff({ ...settings, attempts: 0 }).next(0), undefined);
});
