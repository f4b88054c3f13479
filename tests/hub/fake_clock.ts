import type { Cancel, Clock } from "../../hub/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** The hub's clock in a test's hand: time stands still, and turns of the event loop wait, until the test moves them. */
export class FakeClock implements Clock {
  /** By how much the wall clock was put forward. */
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

  /** Timers that have not run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Calls that wait for the end of the turn. */
  get waiting(): number {
    return this.#turns.length;
  }

  /** Lets one turn of the event loop pass: what waits now runs, what it plans in turn waits on. */
  pass(): void {
    const turns = this.#turns;
    this.#turns = [];
    for (const run of turns) run();
  }

  /** Lets turns pass until nothing waits. */
  settle(): void {
    for (let passed = 0; this.#turns.length > 0; passed++) {
      if (passed === 1_000) {
        throw new Error("After 1,000 turns something still waits for the next");
      }
      this.pass();
    }
  }

  /** Moves time on, with each timer at its time and a settled event loop after it. */
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

  /** The process stands still for so long and then wakes: what was due runs once, late. */
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
