/** The bounds of an exponential backoff. */
export interface BackoffBounds {
  /** The full delay before the first retry, in ms. */
  readonly minMs: number;
  /** The longest full delay, in ms. */
  readonly maxMs: number;
}

/**
 * Computes the delay before a retry: the full delay doubles with each retry up to `maxMs`; half of it is fixed, so that no
 * client hammers a server, and half is random, so that the clients of a restarted server do not return in one wave ("equal
 * jitter" in AWS, "Exponential Backoff and Jitter").
 *
 * @param retry the number of retries before this one; 0 for the first.
 * @param bounds the shortest and the longest full delay.
 * @param random a number from 0 to 1.
 * @returns the delay in ms, from half of the full delay to all of it.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { backoffMs } from "./backoff.ts";
 *
 * assertEquals(backoffMs(0, { minMs: 500, maxMs: 10_000 }, 1), 500);
 * assertEquals(backoffMs(3, { minMs: 500, maxMs: 10_000 }, 0), 2_000);
 * ```
 */
export function backoffMs(
  retry: number,
  { minMs, maxMs }: BackoffBounds,
  random: number,
): number {
  const full = Math.min(maxMs, minMs * 2 ** retry);
  return full / 2 + random * full / 2;
}
