import { assertEquals } from "@std/assert";
import { Backoff, backoffDelay } from "../../../client/connection/backoff.ts";

const settings = {
  minMs: 500,
  maxMs: 15_000,
  factor: 2,
  resetAfterMs: 10_000,
  attempts: Infinity,
};

Deno.test("a wait is half fixed and half random", () => {
  assertEquals(backoffDelay(0, settings, 0), 250);
  assertEquals(backoffDelay(0, settings, 0.5), 375);
  assertEquals(backoffDelay(0, settings, 1), 500);
});

Deno.test("waits grow by the factor up to the maximum", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6].map((retries) =>
    backoffDelay(retries, settings, 1)
  );
  assertEquals(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
});

Deno.test("a factor of 1 never grows, and ten thousand retries do not overflow", () => {
  assertEquals(backoffDelay(50, { ...settings, factor: 1 }, 1), 500);
  assertEquals(backoffDelay(10_000, settings, 1), 15_000);
  assertEquals(backoffDelay(10_000, settings, 0), 7_500);
});

Deno.test("a wait is never outside half of the full length to all of it", () => {
  for (let retries = 0; retries < 12; retries++) {
    const full = Math.min(15_000, 500 * 2 ** retries);
    for (const random of [0, 0.123, 0.999]) {
      const wait = backoffDelay(retries, settings, random);
      assertEquals(
        wait >= full / 2 && wait <= full,
        true,
        `${wait} of ${full}`,
      );
    }
  }
});

Deno.test("each retry in a row waits longer, until a connection holds", () => {
  const backoff = new Backoff(settings);
  assertEquals([backoff.next(1), backoff.next(1), backoff.next(1)], [
    500,
    1_000,
    2_000,
  ]);
  assertEquals(backoff.attempt, 3);
  backoff.lost(9_999);
  assertEquals(backoff.attempt, 3);
  backoff.lost(10_000);
  assertEquals(backoff.attempt, 0);
  assertEquals(backoff.next(1), 500);
});

Deno.test("after so many attempts there is no next one", () => {
  const backoff = new Backoff({ ...settings, attempts: 2 });
  assertEquals([backoff.next(0), backoff.next(0), backoff.next(0)], [
    250,
    500,
    undefined,
  ]);
  assertEquals(new Backoff({ ...settings, attempts: 0 }).next(0), undefined);
});
