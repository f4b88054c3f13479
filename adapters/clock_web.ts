import type { Cancel, Clock } from "../hub/clock.ts";

/** A timer above this fires at once: 32 bits, signed. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Time from the Web platform: `performance`, `Date`, `setTimeout`, and a `MessageChannel` for the end of the turn. */
export class WebClock implements Clock {
  #channel: MessageChannel | undefined;
  #waiting: (() => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  now(): number {
    return performance.now();
  }

  time(): number {
    return Date.now();
  }

  after(ms: number, run: () => void): Cancel {
    if (this.#closed) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, Math.min(ms, LONGEST_TIMER_MS));
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  }

  turn(run: () => void): void {
    if (this.#closed) return;
    this.#waiting.push(run);
    this.#port().postMessage(null);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    // An open port keeps the process alive.
    this.#channel?.port1.close();
    this.#channel?.port2.close();
  }

  #port(): MessagePort {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port2.onmessage = () => this.#waiting.shift()?.();
    }
    return this.#channel.port1;
  }
}
