import type { ClientClock } from "../../client.ts";
import type { Cancel, Clock } from "../../hub/clock.ts";

/** The time of one run of the server's process: dead, it does nothing any more. */
export class ProcessClock implements Clock {
  alive = true;
  readonly #clock: Clock;

  /** @param clock what goes on after it. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  time(): number {
    return this.#clock.time();
  }

  after(ms: number, run: () => void): Cancel {
    return this.#clock.after(ms, () => this.alive && run());
  }

  turn(run: () => void): void {
    this.#clock.turn(() => this.alive && run());
  }

  close(): void {
    this.alive = false;
  }
}

/** The same time for a client, without chance. */
export function clientClock(clock: Clock): ClientClock {
  return {
    now: () => clock.now(),
    time: () => clock.time(),
    random: () => 0.5,
    after: (ms, run) => clock.after(ms, run),
  };
}

/** Lets everything run that waits for a promise: the longest chain, a greeting, has about ten links. */
export async function microtasks(): Promise<void> {
  for (let n = 0; n < 30; n++) await undefined;
}
