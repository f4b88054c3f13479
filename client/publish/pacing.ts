import type { WireLimits } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import type { SentFrame } from "../requests/frame_sender.ts";

/** The smallest burst, in messages. */
const MIN_BURST = 8;
/** The part of the server's rates that the client uses: the server's clock may be slower. */
const SHARE = 0.9;

/** The connection that a pacer sends through. */
export interface PacerPort {
  /** Sends a frame. @returns whether the connection accepted it. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Called after `trySend` returned `later`, when it may be called again. */
  ready(): void;
}

/** A frame that waits for its turn. */
interface QueuedFrame extends SentFrame {
  isTransmitted: boolean;
  readonly data: string | (() => string);
  readonly bytes: number;
}

/**
 * Keeps the sent messages of one connection below the server's rates, so that the server never closes it for them:
 * docs/protocol.md, "Rates".
 *
 * A burst is half of what the server accepts at once. The other half covers delays in the network: frames that were sent
 * over a second may reach the server at one moment.
 */
export class Pacer {
  readonly #clock: ClientClock;
  readonly #port: PacerPort;
  readonly #isUnlimited: boolean;
  readonly #perMs: number;
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #burstBytes: number;
  /** The messages that the rates allow now; below 0 after frames that did not wait. */
  #messages: number;
  /** The bytes that the rates allow now. */
  #bytes: number;
  /** The time at which both were computed. */
  #since: number;
  #queue: QueuedFrame[] = [];
  #cancel: (() => void) | undefined;

  /**
   * Starts with a full burst, less the hello.
   *
   * @param clock the client's clock.
   * @param limits the server's limits.
   * @param port the connection.
   */
  constructor(clock: ClientClock, limits: WireLimits, port: PacerPort) {
    this.#clock = clock;
    this.#port = port;
    const { inflight, messageBytes } = limits;
    // Finite: the difference of two infinite rates is NaN.
    const rate = Math.min(limits.messagesPerSecond, Number.MAX_SAFE_INTEGER);
    const byteRate = Math.min(limits.bytesPerSecond, Number.MAX_SAFE_INTEGER);
    this.#isUnlimited = Math.min(rate, byteRate) === Number.MAX_SAFE_INTEGER;
    this.#perMs = SHARE * rate / 1000;
    this.#bytesPerMs = SHARE * byteRate / 1000;
    this.#messages = this.#burst = Math.max(inflight, MIN_BURST);
    this.#bytes = this.#burstBytes = Math.max(byteRate, messageBytes);
    this.#since = clock.now();
    this.count();
  }

  /** Counts a frame that was sent without waiting: the next ones wait for it. */
  count(): void {
    this.#messages--;
  }

  /** True while `trySend` would send a small frame. */
  get isReady(): boolean {
    return this.#drain() && this.#maySend(0);
  }

  /**
   * Sends a frame, if the rates allow it now.
   *
   * @param data the frame.
   * @param bytes its size.
   */
  trySend(
    data: string | Uint8Array<ArrayBuffer>,
    bytes: number,
  ): "sent" | "later" | "closing" {
    if (!this.#drain() || !this.#maySend(bytes)) return "later";
    return this.#transmit(data, bytes) ? "sent" : "closing";
  }

  /**
   * Sends a frame as soon as the rates allow it, in order, and before every frame of `trySend`.
   *
   * @param data the frame, or a function that creates it when it is sent.
   * @param bytes its size.
   * @param isUrgent whether it precedes the frames that wait.
   */
  send(
    data: string | (() => string),
    bytes: number,
    isUrgent = false,
  ): SentFrame {
    const frame: QueuedFrame = {
      data,
      bytes,
      isTransmitted: false,
      cancel: () => {
        const index = this.#queue.indexOf(frame);
        if (index === -1) return;
        this.#queue.splice(index, 1);
        if (this.#drain()) this.#port.ready();
      },
    };
    if (isUrgent) this.#queue.unshift(frame);
    else this.#queue.push(frame);
    this.#drain();
    return frame;
  }

  /** Discards the queue and stops the timer: the connection has closed. */
  stop(): void {
    this.#queue = [];
    this.#cancel?.();
  }

  /** Sends queued frames. @returns whether the queue is empty. */
  #drain(): boolean {
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined) return true;
      if (!this.#maySend(next.bytes)) return false;
      this.#queue.shift();
      next.isTransmitted = true;
      const { data, bytes } = next;
      this.#transmit(typeof data === "string" ? data : data(), bytes);
    }
  }

  #transmit(data: string | Uint8Array<ArrayBuffer>, bytes: number): boolean {
    this.#messages--;
    this.#bytes -= bytes;
    return this.#port.send(data);
  }

  /** Returns true if the rates allow a frame now; otherwise sets the timer for the moment when they do. */
  #maySend(bytes: number): boolean {
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
    // A frame above the burst is sent with a full burst, or it would wait forever, with all frames behind it. Only a large token is one.
    const neededBytes = Math.min(bytes, this.#burstBytes);
    const waitMs = Math.max(
      (1 - this.#messages) / this.#perMs,
      (neededBytes - this.#bytes) / this.#bytesPerMs,
    );
    if (waitMs <= 0) return true;
    // At least 1 ms: a wait that rounds to 0 would never end.
    this.#cancel ??= this.#clock.after(Math.ceil(waitMs), () => {
      this.#cancel = undefined;
      if (this.#drain()) this.#port.ready();
    });
    return false;
  }
}
