import type { Clock } from "../../hub/clock.ts";

/** A time without running is counted up to this, in ms: a wall clock that jumped while nobody looked costs a day of age. */
const MAX_DOWNTIME_MS = 24 * 60 * 60 * 1000;

/** Where a store's time stood, and what the wall clock said then. */
export interface StoreTime {
  readonly time: number;
  readonly wall: number;
}

/**
 * The time that records on disk age by: monotonic while the process runs, and between runs what the wall clock says,
 * within bounds. An hour's jump of the wall clock moves nothing.
 */
export class StoreClock {
  readonly #clock: Clock;
  readonly #offset: number;

  /** @param saved the last {@linkcode StoreClock.save} of the run before; absent: there was none. */
  constructor(clock: Clock, saved: StoreTime | undefined) {
    this.#clock = clock;
    const wall = clock.time();
    const downtime = saved === undefined
      ? 0
      : Math.min(Math.max(wall - saved.wall, 0), MAX_DOWNTIME_MS);
    this.#offset = (saved?.time ?? wall) + downtime - clock.now();
  }

  /** The time in ms. It never goes back. */
  now(): number {
    return Math.floor(this.#offset + this.#clock.now());
  }

  /** What the next run has to know. */
  save(): StoreTime {
    return { time: this.now(), wall: this.#clock.time() };
  }
}
