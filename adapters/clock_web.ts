import { LONGEST_TIMER_MS } from "../common/timer.ts";
import type { AfterOptions, Cancel, Clock } from "../hub/clock.ts";

/** A port without turns for this time, up to twice of it, no longer keeps the process alive, in ms. */
const RELEASE_MS = 100;

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
  /** The timer that unreferences the port; `undefined` while the port does not keep the process alive. */
  #release: ReturnType<typeof setTimeout> | undefined;
  /** `true` when no turn was asked for since the timer started. */
  #isIdle = true;
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
    this.#callbacks.push(run);
    this.#holdProcess();
    port.postMessage(null);
  }

  close(): void {
    this.#isClosed = true;
    this.#callbacks = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#release);
    this.#channel?.port1.close();
    this.#channel?.port2.close();
  }

  /**
   * Keeps the process alive until the turns are over. A listening port would keep it alive for good; unreferencing it in its
   * own handler has no effect on Deno, and a timer for each turn would cost more than the turn.
   */
  #holdProcess(): void {
    this.#isIdle = false;
    if (this.#release !== undefined) return;
    this.#receiver?.ref?.();
    this.#release = setTimeout(() => {
      this.#release = undefined;
      if (!this.#isIdle || this.#callbacks.length > 0) {
        this.#holdProcess();
        this.#isIdle = true;
      } else this.#receiver?.unref?.();
    }, RELEASE_MS);
  }

  #port(): MessagePort {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#receiver = this.#channel.port2;
      this.#receiver.onmessage = () => {
        this.#callbacks.shift()?.();
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
