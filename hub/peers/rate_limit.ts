import type { Clock } from "../clock.ts";
import type { Limits } from "../limits.ts";

/** The fewest messages of a burst: enough for frames that cannot wait, such as pings. */
const MIN_BURST = 16;

/** The rates of one connection's messages: docs/protocol.md, "Rates". */
export interface RateBounds {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Messages that may arrive at once. */
  readonly burst: number;
  /** Bytes that may arrive at once. */
  readonly burstBytes: number;
}

/**
 * Computes the rates from the limits.
 *
 * A burst holds twice the frames that a client may have without a reply: those from before a pause of the network and
 * those from after it arrive at once. In bytes, it holds the bytes of two seconds, and two of the largest messages.
 *
 * @returns the bounds; `undefined` if the limits are infinite.
 */
export function rateBounds(limits: Limits): RateBounds | undefined {
  // An infinite rate times 0 ms would be NaN.
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
 * The rate limit of one connection: two token buckets, of messages and of bytes, which are filled as time passes.
 *
 * The clock is read only when a bucket is empty, because reading it costs more than all the rest. So a burst is always
 * accepted, and after a pause it may be up to twice as large.
 */
export class RateLimit {
  readonly #bounds: RateBounds;
  readonly #clock: Clock;
  #messages: number;
  #bytes: number;
  #since: number;
  /** The bytes of the last message. */
  #lastBytes = 0;

  constructor(bounds: RateBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#messages = bounds.burst;
    this.#bytes = bounds.burstBytes;
    this.#since = clock.now();
  }

  /** Counts a message. @returns `false` if it is above the limit. */
  take(bytes: number): boolean {
    this.#lastBytes = bytes;
    this.#messages--;
    this.#bytes -= bytes;
    return (this.#messages >= 0 && this.#bytes >= 0) || this.#fill();
  }

  /** Returns the tokens of the last message: the protocol requires the peer to send it. */
  refund(): void {
    this.#messages++;
    this.#bytes += this.#lastBytes;
    this.#lastBytes = 0;
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
      burstBytes - this.#lastBytes,
      this.#bytes + seconds * bytesPerSecond,
    );
    return this.#messages >= 0 && this.#bytes >= 0;
  }
}
