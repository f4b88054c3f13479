import type { Cancel, Clock } from "../../hub/clock.ts";

/** The length of a window, in ms. */
const WINDOW_MS = 10_000;

/** Bounds the log lines of one kind of event: above the bound it counts them, and reports the count with one line. */
export class LogThrottle {
  readonly #clock: Pick<Clock, "after">;
  readonly #max: number;
  readonly #summarise: (count: number) => void;
  #written = 0;
  #omitted = 0;
  #cancel: Cancel | undefined;

  /**
   * @param max the lines in a window.
   * @param summarise called at the end of a window with the number of omitted lines.
   */
  constructor(
    clock: Pick<Clock, "after">,
    max: number,
    summarise: (count: number) => void,
  ) {
    this.#clock = clock;
    this.#max = max;
    this.#summarise = summarise;
  }

  /** Counts a line. @returns `true` when it may be written. */
  allows(): boolean {
    this.#cancel ??= this.#clock.after(WINDOW_MS, () => this.end(), {
      background: true,
    });
    if (this.#written < this.#max) {
      this.#written++;
      return true;
    }
    this.#omitted++;
    return false;
  }

  /** Ends the window. No timer runs until the next line. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const omitted = this.#omitted;
    this.#written = this.#omitted = 0;
    if (omitted > 0) this.#summarise(omitted);
  }
}
