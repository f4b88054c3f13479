import { checkNames } from "../common/options.ts";
import { watchAbort } from "./abort.ts";

/** Options of a method that only waits. */
export interface WaitOptions {
  /**
   * Stops the wait: the promise rejects with the signal's reason.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** The functions that settle one promise. */
interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * The promises that wait for one event. Each call has its own promise, which settles at the moment of the event: a
 * program that continues when a topic is subscribed must run before the handlers of the first record.
 */
export class Waiters {
  readonly #waiters = new Set<Waiter>();

  /** True while no promise waits. */
  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * Adds a promise.
   *
   * @param resolve resolves it.
   * @param reject rejects it.
   * @param signal stops the wait; not aborted yet.
   */
  add(
    resolve: () => void,
    reject: (reason: unknown) => void,
    signal: AbortSignal | undefined,
  ): void {
    const unwatch = watchAbort(signal, () => {
      this.#waiters.delete(waiter);
      reject(signal!.reason);
    });
    const waiter: Waiter = {
      resolve() {
        unwatch();
        resolve();
      },
      reject(reason) {
        unwatch();
        reject(reason);
      },
    };
    this.#waiters.add(waiter);
  }

  /** Resolves every promise. */
  resolve(): void {
    for (const waiter of this.#takeAll()) waiter.resolve();
  }

  /** Rejects every promise. */
  reject(reason: unknown): void {
    for (const waiter of this.#takeAll()) waiter.reject(reason);
  }

  #takeAll(): Waiter[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }
}

/**
 * Checks the options of a method that waits.
 *
 * @param action the action, which begins the error message.
 * @param options the options as given.
 * @returns the signal.
 * @throws {TypeError} for an unknown option.
 * @throws the signal's reason, if it is aborted already.
 */
export function checkWait(
  action: string,
  options: WaitOptions,
): AbortSignal | undefined {
  checkNames(action, options, { signal: true });
  options.signal?.throwIfAborted();
  return options.signal;
}
