import type { Listening } from "./service.ts";

/** Options of {@linkcode Listener}. */
export interface ListenerOptions {
  /** Called with the reason each time that listening had ended, or could not begin again. */
  readonly onFailure: (error: unknown) => void;
  /** The pause before it listens again, in ms; doubled each time up to `maxPauseMs`. Default: 100. */
  readonly pauseMs?: number;
  /** The longest pause, in ms. Default: 5,000. */
  readonly maxPauseMs?: number;
  /** After so many failures in a row it gives up. Default: 100: some eight minutes. */
  readonly attempts?: number;
  /** Who has listened for so long, in ms, begins the row anew. Default: 10,000. */
  readonly heldMs?: number;
}

/**
 * Listens, and listens again when the runtime gives it up: `Deno.serve` ends as soon as one `accept` fails, as when the
 * process is out of file descriptors. Connections that are open stay so all the while.
 */
export class Listener implements Listening {
  readonly addr: Deno.NetAddr;
  /** Resolves after `shutdown`; rejects when it has given up. */
  readonly finished: Promise<void>;
  readonly #open: (port: number) => Listening;
  readonly #options: Required<ListenerOptions>;
  /** Absent during a pause. */
  #current: Listening | undefined;
  #isStopping = false;
  #wakeUp: (() => void) | undefined;

  /**
   * @param port where to listen; 0: any free port, and the same one again later.
   * @param open listens on a port.
   * @param options see {@linkcode ListenerOptions}.
   * @throws what `open` throws at the first time.
   */
  constructor(
    port: number,
    open: (port: number) => Listening,
    options: ListenerOptions,
  ) {
    this.#open = open;
    this.#options = {
      pauseMs: 100,
      maxPauseMs: 5_000,
      attempts: 100,
      heldMs: 10_000,
      ...options,
    };
    this.#current = open(port);
    this.addr = this.#current.addr;
    this.finished = this.#run();
  }

  async shutdown(): Promise<void> {
    this.#isStopping = true;
    this.#wakeUp?.();
    await this.#current?.shutdown();
  }

  async #run(): Promise<void> {
    const { onFailure, attempts, heldMs } = this.#options;
    for (let failures = 0;;) {
      const since = performance.now();
      try {
        // Listening takes a descriptor, too: there may be none.
        this.#current ??= this.#open(this.addr.port);
        return await this.#current.finished;
      } catch (error) {
        this.#current = undefined;
        if (performance.now() - since >= heldMs) failures = 0;
        onFailure(error);
        if (++failures > attempts) throw error;
        await this.#pause(failures);
        if (this.#isStopping) return;
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const { pauseMs, maxPauseMs } = this.#options;
    const ms = Math.min(maxPauseMs, pauseMs * 2 ** (failures - 1));
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
