import { LONGEST_TIMER_MS } from "../common/timer.ts";
import type { Cancel, Clock } from "../hub/clock.ts";

/**
 * A clock on the Web platform: `performance`, `Date`, `setTimeout`, and a `MessageChannel` for the end of the turn.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { WebClock } from "./clock_web.ts";
 *
 * const clock = new WebClock();
 * const order: string[] = [];
 * clock.turn(() => order.push("end of the turn"));
 * order.push("now");
 * await new Promise<void>((resolve) => clock.turn(resolve));
 * assertEquals(order, ["now", "end of the turn"]);
 * clock.close();
 * ```
 */
export class WebClock implements Clock {
  #channel: MessageChannel | undefined;
  #callbacks: (() => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isClosed = false;

  now(): number {
    return performance.now();
  }

  time(): number {
    return Date.now();
  }

  after(ms: number, run: () => void): Cancel {
    if (this.#isClosed) return () => {};
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
    if (this.#isClosed) return;
    this.#callbacks.push(run);
    this.#port().postMessage(null);
  }

  close(): void {
    this.#isClosed = true;
    this.#callbacks = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    // An open port keeps the process alive.
    this.#channel?.port1.close();
    this.#channel?.port2.close();
  }

  #port(): MessagePort {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port2.onmessage = () => this.#callbacks.shift()?.();
    }
    return this.#channel.port1;
  }
}
