import type { Cancel, Clock } from "../../hub/clock.ts";

/** In so many ms only so many lines of one kind are written. */
const WINDOW_MS = 10_000;

/** Keeps a flood of events from becoming a flood of lines: what is above the bound is counted, and told in one line. */
export class Flood {
  readonly #clock: Pick<Clock, "after">;
  readonly #most: number;
  readonly #summarise: (count: number) => void;
  #written = 0;
  #left = 0;
  #cancel: Cancel | undefined;
  #closed = false;

  /**
   * @param most lines in ten seconds.
   * @param summarise is told, at their end, how many more there would have been.
   */
  constructor(
    clock: Pick<Clock, "after">,
    most: number,
    summarise: (count: number) => void,
  ) {
    this.#clock = clock;
    this.#most = most;
    this.#summarise = summarise;
  }

  /** Whether one more may be written. If not, it is counted. */
  allows(): boolean {
    if (!this.#closed) {
      this.#cancel ??= this.#clock.after(WINDOW_MS, () => this.#end());
    }
    if (this.#written < this.#most) {
      this.#written++;
      return true;
    }
    this.#left++;
    return false;
  }

  /** Tells what was left out. No timer runs from now on. */
  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const left = this.#left;
    this.#written = this.#left = 0;
    if (left > 0) this.#summarise(left);
  }
}
