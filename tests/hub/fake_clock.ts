import type { Cancel, Clock } from "../../hub/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that a test moves: time stands still, and turns of the event loop wait until then. */
export class FakeClock implements Clock {
  /** The ms by which the wall clock was put forward. */
  jumpMs = 0;
  #now = 1_000;
  #order = 0;
  #closed = false;
  readonly #timers = new Set<Timer>();
  #turns: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  time(): number {
    return 1_700_000_000_000 + this.#now + this.jumpMs;
  }

  after(ms: number, run: () => void): Cancel {
    if (this.#closed) return () => {};
    const timer = { at: this.#now + ms, order: this.#order++, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  turn(run: () => void): void {
    if (!this.#closed) this.#turns.push(run);
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
    this.#turns = [];
  }

  /** The number of timers that have not run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The number of calls that wait for the end of the turn. */
  get waiting(): number {
    return this.#turns.length;
  }

  /** Runs one turn of the event loop: the calls that wait now run, and those that they schedule wait. */
  pass(): void {
    const turns = this.#turns;
    this.#turns = [];
    for (const run of turns) run();
  }

  /** Runs turns until no call waits. */
  settle(): void {
    for (let passed = 0; this.#turns.length > 0; passed++) {
      if (passed === 1_000) {
        throw new Error(
          "After 1,000 turns a call still waits for the next one",
        );
      }
      this.pass();
    }
  }

  /** Advances the time: each timer runs at its time, and the event loop settles after it. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const timer = this.#due(end);
      if (timer === undefined) break;
      this.#now = timer.at;
      this.#timers.delete(timer);
      timer.run();
      this.settle();
    }
    this.#now = end;
  }

  /** Suspends the process for this long: timers that were due run once, late. */
  stop(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due.toSorted(inTime)) {
      if (this.#timers.delete(timer)) timer.run();
    }
    this.settle();
  }

  #due(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).toSorted(inTime)[0];
  }
}

function inTime(a: Timer, b: Timer): number {
  return a.at - b.at || a.order - b.order;
}
