import { utf8Length, type WireLimits } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";

/** The fewest messages that may go at once. */
const MIN_BURST = 8;
/** How much of the server's rates is used: its clock may be slower than this one. */
const SHARE = 0.9;

/** What a pace sends with. */
export interface PacePort {
  /** Sends a frame. @returns whether the connection took it. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** After `post` said `later`: it may be asked again. */
  free(): void;
}

/** A frame that waits for its turn. */
interface Waiting {
  readonly data: string;
  readonly bytes: number;
}

/**
 * Keeps this side of one connection below the server's rates, so that it never closes it for them: docs/protocol.md,
 * "Rates".
 *
 * A burst is half of what the server lets through at once. The other half is for what the network held back: the server may
 * get at one moment what was sent in many.
 */
export class Pace {
  readonly #clock: ClientClock;
  readonly #port: PacePort;
  readonly #isUnlimited: boolean;
  readonly #perMs: number;
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #burstBytes: number;
  #messages: number;
  #bytes: number;
  #since: number;
  #waiting: Waiting[] = [];
  #cancel: (() => void) | undefined;

  /** @param limits the server's. */
  constructor(clock: ClientClock, limits: WireLimits, port: PacePort) {
    this.#clock = clock;
    this.#port = port;
    const { inflight, messageBytes: message } = limits;
    // Finite: an infinite rate, less an infinite rate, is no number.
    const rate = Math.min(limits.messagesPerSecond, Number.MAX_SAFE_INTEGER);
    const byteRate = Math.min(limits.bytesPerSecond, Number.MAX_SAFE_INTEGER);
    this.#isUnlimited = Math.min(rate, byteRate) === Number.MAX_SAFE_INTEGER;
    this.#perMs = SHARE * rate / 1000;
    this.#bytesPerMs = SHARE * byteRate / 1000;
    this.#messages = this.#burst = Math.max(inflight, MIN_BURST);
    this.#bytes = this.#burstBytes = Math.max(byteRate, message);
    this.#since = clock.now();
    // The hello.
    this.count();
  }

  /** A frame was sent that could not wait: what follows waits for it. */
  count(): void {
    this.#messages--;
  }

  /** Whether `post` would send a small frame. */
  get isFree(): boolean {
    return this.#drain() && this.#mayGo(0);
  }

  /** Sends a frame, if one may be sent now. */
  post(
    data: string | Uint8Array<ArrayBuffer>,
    bytes: number,
  ): "sent" | "later" | "closing" {
    if (!this.#drain() || !this.#mayGo(bytes)) return "later";
    return this.#go(data, bytes) ? "sent" : "closing";
  }

  /** Sends a frame, now or as soon as one may be sent: in order, and before all that `post` is asked for. */
  send(data: string): void {
    this.#waiting.push({ data, bytes: utf8Length(data) });
    this.#drain();
  }

  /** The connection is over. */
  stop(): void {
    this.#waiting = [];
    this.#cancel?.();
  }

  /** @returns whether nothing waits any more. */
  #drain(): boolean {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return true;
      if (!this.#mayGo(next.bytes)) return false;
      this.#waiting.shift();
      this.#go(next.data, next.bytes);
    }
  }

  #go(data: string | Uint8Array<ArrayBuffer>, bytes: number): boolean {
    this.#messages--;
    this.#bytes -= bytes;
    return this.#port.send(data);
  }

  /** Whether a frame may go now; if not, it is looked at again when it may. */
  #mayGo(bytes: number): boolean {
    if (this.#isUnlimited) return true;
    const now = this.#clock.now();
    const ms = now - this.#since;
    this.#since = now;
    if (ms > 0) {
      this.#messages = Math.min(
        this.#burst,
        this.#messages + ms * this.#perMs,
      );
      this.#bytes = Math.min(
        this.#burstBytes,
        this.#bytes + ms * this.#bytesPerMs,
      );
    }
    const waitMs = Math.max(
      (1 - this.#messages) / this.#perMs,
      (bytes - this.#bytes) / this.#bytesPerMs,
    );
    if (waitMs <= 0) return true;
    // A whole one at least: a wait that is lost in rounding would never end.
    this.#cancel ??= this.#clock.after(Math.ceil(waitMs), () => {
      this.#cancel = undefined;
      if (this.#drain()) this.#port.free();
    });
    return false;
  }
}
