import type { ClientClock } from "./clock.ts";

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
    source: Promise<T>,
    clock: ClientClock,
    ignored: (error: unknown) => void,
  ) {
    super((resolve, reject) => source.then(resolve, reject));
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

/** Finds the rejections that the program ignores: docs/decisions/0028. */
export class IgnoredRejections {
  readonly #clock: ClientClock;
  readonly #ignored: (error: unknown) => void;

  /** @param ignored receives the reason of each rejection that has no handler. */
  constructor(clock: ClientClock, ignored: (error: unknown) => void) {
    this.#clock = clock;
    this.#ignored = ignored;
  }

  /** Returns a promise that settles as `promise` does, and whose rejection may be ignored. */
  watch<T>(promise: Promise<T>): Promise<T> {
    return new WatchedPromise(promise, this.#clock, this.#ignored);
  }
}
