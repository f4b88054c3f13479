import type { ClientClock } from "../../client.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock whose time only a test moves. */
export class FakeClock implements ClientClock {
  /** The value of `random`. 1 by default, so that a backoff waits its full time. */
  chance = 1;
  #now = 1_000;
  #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  time(): number {
    return 1_700_000_000_000 + this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** The number of timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the time; each timer runs when it is due. */
  tick(ms: number): void {
    const end = this.#now + ms;
    for (
      let next = this.#next(end);
      next !== undefined;
      next = this.#next(end)
    ) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.run();
    }
    this.#now = end;
  }

  /** Moves the time without running timers, as in a frozen tab; then the due timers run late. */
  freeze(ms: number): void {
    this.#now += ms;
    this.tick(0);
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at)) {
        first = timer;
      }
    }
    return first;
  }
}
