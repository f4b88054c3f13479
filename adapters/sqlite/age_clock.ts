import type { Clock } from "../../hub/clock.ts";

/** The longest time without a process that counts as age, in ms: a wall clock that jumped meanwhile adds a day at most. */
const MAX_DOWNTIME_MS = 24 * 60 * 60 * 1000;

/** A moment, by the age clock and by the wall clock. */
export interface SavedTime {
  readonly time: number;
  readonly wall: number;
}

/**
 * The clock that records on disk age by. It is monotonic while the process runs; between two processes it advances by the
 * wall clock, within bounds. A jump of the wall clock while the process runs changes nothing.
 */
export class AgeClock {
  readonly #clock: Clock;
  readonly #offset: number;

  /** @param saved the last {@linkcode AgeClock.save} of the previous process; `undefined` in a new file. */
  constructor(clock: Clock, saved: SavedTime | undefined) {
    this.#clock = clock;
    const wall = clock.time();
    const downtime = saved === undefined
      ? 0
      : Math.min(Math.max(wall - saved.wall, 0), MAX_DOWNTIME_MS);
    this.#offset = (saved?.time ?? wall) + downtime - clock.now();
  }

  /** Returns the time in ms. It never decreases. */
  now(): number {
    return Math.floor(this.#offset + this.#clock.now());
  }

  /** Returns the moment for the next process. */
  save(): SavedTime {
    return { time: this.now(), wall: this.#clock.time() };
  }
}
