import type { Listening } from "./service.ts";

/** Times of a {@linkcode Listener}. */
export interface ListenerTimes {
  /** The pause before it listens again, in ms; it doubles up to `maxPauseMs`. */
  readonly pauseMs: number;
  /** The longest pause, in ms. */
  readonly maxPauseMs: number;
  /** The number of failures in a row after which it gives up. */
  readonly attempts: number;
  /** A listener that worked for this long starts a new row, in ms. */
  readonly resetAfterMs: number;
}

/** Gives up after about eight minutes. */
const TIMES: ListenerTimes = {
  pauseMs: 100,
  maxPauseMs: 5_000,
  attempts: 100,
  resetAfterMs: 10_000,
};

/**
 * Listens, and listens again after a failure: `Deno.serve` ends when one `accept` fails, as it does without a free file
 * descriptor. Open connections are not affected.
 */
export class Listener implements Listening {
  readonly addr: Deno.NetAddr;
  /** Resolves after `shutdown`; rejects when the listener has given up. */
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
    const { attempts, resetAfterMs } = this.#times;
    for (let failures = 0;;) {
      const since = performance.now();
      try {
        // Listening needs a file descriptor as well, so it may fail, too.
        this.#current ??= this.#open(this.addr.port);
        return await this.#current.finished;
      } catch (error) {
        this.#current = undefined;
        if (performance.now() - since >= resetAfterMs) failures = 0;
        this.#onFailure(error);
        if (++failures > attempts) throw error;
        await this.#pause(failures);
        if (this.#isStopping) return;
      }
    }
  }

  /** The pause has no random part: one process waits for its own descriptors. */
  async #pause(failures: number): Promise<void> {
    const { pauseMs, maxPauseMs } = this.#times;
    const ms = Math.min(maxPauseMs, pauseMs * 2 ** (failures - 1));
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
