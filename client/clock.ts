import { LONGEST_TIMER_MS } from "../common/timer.ts";

/** The time and the random numbers of a client. Tests replace them. */
export interface ClientClock {
  /** Returns a monotonic time in ms, for timeouts, ages and round trips. */
  now(): number;
  /** Returns the wall-clock time in ms since 1970. */
  time(): number;
  /** Returns a number from 0 (inclusive) to 1 (exclusive), which spreads the reconnects of many clients. */
  random(): number;
  /**
   * Calls `run` once, after at least `ms` milliseconds.
   *
   * @param ms the delay in ms.
   * @param run the function to call.
   * @returns cancels the call; idempotent.
   */
  after(ms: number, run: () => void): () => void;
}

/**
 * The platform's clock, timers and random numbers: the default of the option `clock`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { webClock } from "./clock.ts";
 *
 * const startedAt = webClock.now();
 * await new Promise<void>((resolve) => webClock.after(1, resolve));
 * assert(webClock.now() > startedAt);
 * ```
 */
export const webClock: ClientClock = {
  now: () => performance.now(),
  time: () => Date.now(),
  random: () => Math.random(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
