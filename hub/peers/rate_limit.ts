import type { Clock } from "../clock.ts";
import type { Limits } from "../limits.ts";

/** A burst is this many messages at least: room for what cannot wait, such as pings. */
const MIN_BURST = 16;

/** How much may come in over one connection: docs/protocol.md, "Rates". */
export interface RateBounds {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Messages that may come at once. */
  readonly burst: number;
  /** Bytes that may come at once. */
  readonly burstBytes: number;
}

/**
 * The rates that limits set.
 *
 * A burst has room for all that a client may have without an answer, twice: what it sent before a pause of the network,
 * and what it sends after it, come at once. In bytes, it is two seconds' worth, and two of the largest messages.
 *
 * @returns the bounds, or `undefined` where there is none.
 */
export function rateBounds(limits: Limits): RateBounds | undefined {
  // Finite: no time at all, times an infinite rate, is no number.
  const finite = (value: number) => Math.min(value, Number.MAX_SAFE_INTEGER);
  const messagesPerSecond = finite(limits.messagesPerSecond);
  const bytesPerSecond = finite(limits.bytesPerSecond);
  if (Math.min(messagesPerSecond, bytesPerSecond) === Number.MAX_SAFE_INTEGER) {
    return undefined;
  }
  return {
    messagesPerSecond,
    bytesPerSecond,
    burst: Math.max(2 * finite(limits.inflight), MIN_BURST),
    burstBytes: 2 * Math.max(bytesPerSecond, finite(limits.messageBytes)),
  };
}

/**
 * What one connection may still send: two token buckets, of messages and of bytes, filled again as time passes.
 *
 * The clock is read only when one of them seems to be empty, because that costs more than all the rest. So a burst is
 * always let through, and after a pause it may be up to twice as large, never more.
 */
export class Rate {
  readonly #bounds: RateBounds;
  readonly #clock: Clock;
  #messages: number;
  #bytes: number;
  #since: number;
  /** The bytes of the last message. */
  #last = 0;

  constructor(bounds: RateBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#messages = bounds.burst;
    this.#bytes = bounds.burstBytes;
    this.#since = clock.now();
  }

  /** Takes one message in. @returns whether it is within the rates. */
  take(bytes: number): boolean {
    this.#last = bytes;
    this.#messages--;
    this.#bytes -= bytes;
    return (this.#messages >= 0 && this.#bytes >= 0) || this.#fill();
  }

  /** The last message does not count: the other side had to send it. */
  refund(): void {
    this.#messages++;
    this.#bytes += this.#last;
    this.#last = 0;
  }

  #fill(): boolean {
    const { messagesPerSecond, bytesPerSecond, burst, burstBytes } =
      this.#bounds;
    const now = this.#clock.now();
    const seconds = (now - this.#since) / 1000;
    this.#since = now;
    this.#messages = Math.min(
      burst - 1,
      this.#messages + seconds * messagesPerSecond,
    );
    this.#bytes = Math.min(
      burstBytes - this.#last,
      this.#bytes + seconds * bytesPerSecond,
    );
    return this.#messages >= 0 && this.#bytes >= 0;
  }
}
