import { LONGEST_TIMER_MS } from "../common/timer.ts";
import type { AfterOptions, Cancel, Clock } from "../hub/clock.ts";

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
  #receiver: RefPort | undefined;
  #callbacks: (() => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isClosed = false;

  now(): number {
    return performance.now();
  }

  time(): number {
    return Date.now();
  }

  after(
    ms: number,
    run: () => void,
    { background = false }: AfterOptions = {},
  ): Cancel {
    if (this.#isClosed) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, Math.min(ms, LONGEST_TIMER_MS));
    this.#timers.add(timer);
    if (background) unref(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  }

  turn(run: () => void): void {
    if (this.#isClosed) return;
    const port = this.#port();
    // The runtime waits for the end of the turn, and for nothing else of this clock.
    if (this.#callbacks.push(run) === 1) this.#receiver?.ref?.();
    port.postMessage(null);
  }

  close(): void {
    this.#isClosed = true;
    this.#callbacks = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#channel?.port1.close();
    this.#channel?.port2.close();
  }

  #port(): MessagePort {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#receiver = this.#channel.port2;
      this.#receiver.onmessage = () => {
        this.#callbacks.shift()?.();
        if (this.#callbacks.length === 0) this.#receiver?.unref?.();
      };
    }
    return this.#channel.port1;
  }
}

/** A port of Deno or Node: while it listens, it keeps the process alive, unless it is unreferenced. Browsers have no such thing. */
type RefPort = MessagePort & {
  readonly ref?: () => void;
  readonly unref?: () => void;
};

/** Lets the process end before a timer fires. Timers of Deno and Node are objects; those of browsers are numbers. */
function unref(timer: unknown): void {
  (timer as { readonly unref?: () => void }).unref?.();
}
