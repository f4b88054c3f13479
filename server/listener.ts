import { type BackoffBounds, backoffMs } from "../common/backoff.ts";
import type { Listening } from "./service.ts";

/** Times of a {@linkcode Listener}. */
export interface ListenerTimes {
  /** The bounds of the pause before it listens again. */
  readonly backoff: BackoffBounds;
  /** The number of failures in a row after which it stops to try. */
  readonly attempts: number;
  /** The time of listening after which the next failure is the first one again, in ms. */
  readonly stableAfterMs: number;
}

/** The default times: about eight minutes until the last attempt. */
const TIMES: ListenerTimes = {
  backoff: { minMs: 100, maxMs: 5_000 },
  attempts: 100,
  stableAfterMs: 10_000,
};

/**
 * Listens, and listens again after a failure: `Deno.serve` ends when one `accept` fails, as it does without a free file
 * descriptor. Open connections are not affected.
 */
export class Listener implements Listening {
  readonly addr: Deno.NetAddr;
  /** Resolves after `shutdown`; rejects when it has failed too often. */
  readonly finished: Promise<void>;
  readonly #open: (port: number) => Listening;
  readonly #onFailure: (error: unknown) => void;
  readonly #times: ListenerTimes;
  /** `undefined` during a pause. */
  #current: Listening | undefined;
  #isStopping = false;
  #endPause: (() => void) | undefined;

  /**
   * Listens at once.
   *
   * @param port the port; 0 for any free one, which is used again after a failure.
   * @param open listens on a port.
   * @param onFailure receives the reason of each failure.
   * @param times see {@linkcode ListenerTimes}.
   * @throws the first exception of `open`.
   */
  constructor(
    port: number,
    open: (port: number) => Listening,
    onFailure: (error: unknown) => void,
    times: ListenerTimes = TIMES,
  ) {
    this.#open = open;
    this.#onFailure = onFailure;
    this.#times = times;
    this.#current = open(port);
    this.addr = this.#current.addr;
    this.finished = this.#run();
  }

  async shutdown(): Promise<void> {
    this.#isStopping = true;
    this.#endPause?.();
    await this.#current?.shutdown();
  }

  async #run(): Promise<void> {
    const { attempts, stableAfterMs } = this.#times;
    for (let failures = 0;;) {
      const startedAt = performance.now();
      try {
        // Listening needs a file descriptor as well, so it may fail, too.
        this.#current ??= this.#open(this.addr.port);
        return await this.#current.finished;
      } catch (error) {
        this.#current = undefined;
        if (performance.now() - startedAt >= stableAfterMs) failures = 0;
        this.#onFailure(error);
        if (++failures > attempts) throw error;
        await this.#pause(failures);
        if (this.#isStopping) return;
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    // Without the random part: it keeps clients apart, and the failures here are those of one process.
    const ms = backoffMs(failures - 1, this.#times.backoff, 1);
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
