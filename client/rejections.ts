import type { ClientClock } from "./clock.ts";

/** The function that a promise is constructed with. */
type Executor<T> = (
  resolve: (value: T | PromiseLike<T>) => void,
  reject: (reason?: unknown) => void,
) => void;

/**
 * A promise that calls back when it rejects and the program has attached no handler. The runtime treats it as handled, so
 * its rejection never ends the process.
 *
 * `await`, `Promise.all` and `return` in an async function attach a handler through `then`, because the constructor is not
 * `Promise` itself (ECMAScript, PromiseResolve). Promises that are derived from this one are ordinary promises: their
 * rejections belong to the program.
 */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #isHandled = false;
  #cancel: (() => void) | undefined;

  constructor(
    executor: Executor<T>,
    clock: ClientClock,
    ignored: (error: unknown) => void,
  ) {
    super(executor);
    super.then(undefined, (error) => {
      if (this.#isHandled) return;
      // The program may attach its handler until the end of the task, as with the platform's `unhandledrejection`.
      this.#cancel = clock.after(0, () => ignored(error));
    });
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isHandled = true;
    this.#cancel?.();
    return super.then(onFulfilled, onRejected);
  }
}

/** Finds the rejections that the program ignores: docs/decisions/0028-a-rejection-without-a-handler-is-an-event.md. */
export class IgnoredRejections {
  readonly #clock: ClientClock;
  readonly #ignored: (error: unknown) => void;

  /**
   * @param clock the client's clock.
   * @param ignored receives the reason of each rejection that has no handler.
   */
  constructor(clock: ClientClock, ignored: (error: unknown) => void) {
    this.#clock = clock;
    this.#ignored = ignored;
  }

  /**
   * Creates a promise for the program, whose rejection it may ignore.
   *
   * @param executor as of `new Promise`.
   * @returns the promise; it settles as early as a promise of `new Promise`.
   */
  promise<T>(executor: Executor<T>): Promise<T> {
    return new WatchedPromise(executor, this.#clock, this.#ignored);
  }
}
