import type { ClientClock } from "../../client.ts";
import type { Cancel, Clock } from "../../hub/clock.ts";

/** The clock of one run of a simulated server process. After `close` no timer and no turn of it runs, as after a kill. */
export class ProcessClock implements Clock {
  #isRunning = true;
  readonly #clock: Clock;

  /** @param clock the clock of the simulation, which continues after the process has ended. */
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
    return this.#clock.after(ms, () => this.#isRunning && run());
  }

  turn(run: () => void): void {
    this.#clock.turn(() => this.#isRunning && run());
  }

  close(): void {
    this.#isRunning = false;
  }
}

/** Creates a client's clock from a hub's, with a constant instead of random numbers. */
export function clientClock(clock: Clock): ClientClock {
  return {
    now: () => clock.now(),
    time: () => clock.time(),
    random: () => 0.5,
    after: (ms, run) => clock.after(ms, run),
  };
}

/** Runs every promise callback that is due. The longest chain, the handshake's, has about ten links. */
export async function microtasks(): Promise<void> {
  for (let n = 0; n < 30; n++) await undefined;
}
