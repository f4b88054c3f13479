/** Takes a planned call back. Idempotent. */
export type Cancel = () => void;

/** Time as the hub sees it, so that tests can hold it. `adapters/clock_web.ts` is the real one. */
export interface Clock {
  /** Monotonic ms: timeouts, age, expiry. */
  now(): number;
  /** Ms since 1970: what people read. */
  time(): number;
  /** Calls `run` once, after `ms` milliseconds. */
  after(ms: number, run: () => void): Cancel;
  /** Calls `run` once, after what is waiting in the event loop now: the flush. */
  turn(run: () => void): void;
  /** Frees what the clock holds. No call comes after it. */
  close(): void;
}
