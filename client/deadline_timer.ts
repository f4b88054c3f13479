import type { ClientClock } from "./clock.ts";

/** A timer for the earliest of several deadlines. */
export class DeadlineTimer {
  readonly #clock: ClientClock;
  readonly #due: () => void;
  #dueAt = Infinity;
  #cancel: (() => void) | undefined;

  /**
   * @param clock the client's clock.
   * @param due called at the earliest deadline. It adds the next one.
   */
  constructor(clock: ClientClock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Adds a deadline. @param deadline the monotonic time in ms. */
  add(deadline: number): void {
    if (deadline >= this.#dueAt) return;
    this.stop();
    this.#dueAt = deadline;
    const ms = Math.max(0, deadline - this.#clock.now());
    this.#cancel = this.#clock.after(ms, () => {
      this.#dueAt = Infinity;
      this.#due();
    });
  }

  /** Forgets every deadline. */
  stop(): void {
    this.#cancel?.();
    this.#dueAt = Infinity;
  }
}
