/**
 * How much may be drawn in an animation frame, so that a flood leaves time for everything else.
 * @module
 */

/** What a {@linkcode Pace} allows. */
export interface PaceOptions {
  /** How long one thing takes up the drawing, in ms: no more are drawn in the long run. */
  readonly eachMs: number;
  /** What is drawn at once after a rest, in ms of drawing. */
  readonly burstMs: number;
  /** Most things in one animation frame. */
  readonly perFrame: number;
}

/** Counts what was drawn against the time. */
export class Pace {
  readonly #options: PaceOptions;
  /** When what was drawn is paid for, on the clock of animation frames. */
  #restsUntil = 0;

  /** @param options how fast. */
  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /**
   * Takes what may be drawn now from the front of a queue.
   *
   * @param queue loses what is taken.
   * @param now the time of the animation frame, in ms.
   */
  take<T>(queue: T[], now: number): T[] {
    if (now < this.#restsUntil) return [];
    const { eachMs, burstMs, perFrame } = this.#options;
    const taken = queue.splice(0, perFrame);
    this.#restsUntil = Math.max(this.#restsUntil, now - burstMs) +
      taken.length * eachMs;
    return taken;
  }
}
