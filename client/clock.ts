/** Time and chance as the client sees them, so that tests can hold them. */
export interface ClientClock {
  /** Monotonic ms: timeouts, age, round trips. */
  now(): number;
  /** Ms since 1970: what people read. */
  time(): number;
  /** A number from 0 (inclusive) to 1 (exclusive): spreads the reconnects of many clients. */
  random(): number;
  /**
   * Calls `run` once, after `ms` milliseconds, which may be late.
   *
   * @returns takes the call back; idempotent.
   */
  after(ms: number, run: () => void): () => void;
}

/** A timer above this fires at once: 32 bits, signed. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The platform's clock, timers and random numbers. */
export const webClock: ClientClock = {
  now: () => performance.now(),
  time: () => Date.now(),
  random: () => Math.random(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
