/** Cancels a scheduled call. Idempotent. */
export type Cancel = () => void;

/** Options of {@linkcode Clock.after}. */
export interface AfterOptions {
  /**
   * `true` for maintenance that repeats: the call must not keep a process alive that has nothing else to do. A runtime that
   * ends a server by closing its sockets, as `deno serve` does on SIGTERM, would otherwise wait for it.
   *
   * @default false
   */
  readonly background?: boolean | undefined;
}

/** The hub's time: a port, so that tests can control it. `adapters/clock_web.ts` implements it. */
export interface Clock {
  /** Returns monotonic ms, for timeouts and ages. */
  now(): number;
  /** Returns ms since 1970, for people. */
  time(): number;
  /** Calls `run` once, after `ms` milliseconds. */
  after(ms: number, run: () => void, options?: AfterOptions): Cancel;
  /** Calls `run` once, after the events that wait in the event loop now: for the flush. */
  turn(run: () => void): void;
  /** Releases what the clock holds. No scheduled call runs after it. */
  close(): void;
}
