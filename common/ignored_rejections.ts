/** The parts of the owner that {@linkcode IgnoredRejections} uses. */
export interface IgnoredRejectionsContext {
  /**
   * Calls a function once the current turn of the event loop is over.
   *
   * @returns cancels the call, where that is possible.
   */
  afterTurn(check: () => void): (() => void) | undefined;
  /** Receives the reason of each rejection that the program has ignored. */
  ignored(error: unknown): void;
}

/**
 * Creates promises whose rejection may be ignored: it never ends the process, and it is reported unless the program has
 * attached a handler. Without them, an ignored rejection is an unhandled one, which ends a Deno process; with a silent
 * `catch`, a refused publish would not be reported. docs/decisions/0026.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { IgnoredRejections } from "./ignored_rejections.ts";
 *
 * const errors: unknown[] = [];
 * const rejections = new IgnoredRejections({
 *   afterTurn: (check) => {
 *     const timer = setTimeout(check);
 *     return () => clearTimeout(timer);
 *   },
 *   ignored: (error) => errors.push(error),
 * });
 * void rejections.watch(Promise.reject("ignored"));
 * await rejections.watch(Promise.reject("handled")).catch(() => {});
 * await new Promise((resolve) => setTimeout(resolve, 1));
 * assertEquals(errors, ["ignored"]);
 * ```
 */
export class IgnoredRejections {
  readonly #context: IgnoredRejectionsContext;
  /** The rejected promises without a handler, until the turn is over. */
  readonly #rejected = new Map<Promise<unknown>, unknown>();
  #isPlanned = false;
  #cancel: (() => void) | undefined;

  constructor(context: IgnoredRejectionsContext) {
    this.#context = context;
  }

  /**
   * Creates a promise.
   *
   * @typeParam T the promise's value.
   * @param executor the executor, as for `new Promise`.
   */
  promise<T>(executor: Executor<T>): Promise<T> {
    return new WatchedPromise<T>(executor, {
      rejected: (promise, error) => {
        this.#rejected.set(promise, error);
        if (this.#isPlanned) return;
        this.#isPlanned = true;
        this.#cancel = this.#context.afterTurn(() => this.flush());
      },
      handled: (promise) => {
        if (!this.#rejected.delete(promise) || this.#rejected.size > 0) return;
        this.#stop();
      },
    });
  }

  /**
   * Creates a promise that settles as another one does.
   *
   * @typeParam T the promise's value.
   * @param promise the other promise.
   */
  watch<T>(promise: Promise<T>): Promise<T> {
    return this.promise((resolve, reject) => promise.then(resolve, reject));
  }

  /** Reports now what would be reported after the turn: for an owner whose clock stops. */
  flush(): void {
    this.#stop();
    const errors = [...this.#rejected.values()];
    this.#rejected.clear();
    for (const error of errors) this.#context.ignored(error);
  }

  #stop(): void {
    // A check that cannot be cancelled finds nothing.
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isPlanned = false;
  }
}

interface Watcher {
  /** The promise was rejected without a handler. */
  rejected(promise: Promise<unknown>, error: unknown): void;
  /** The program has attached a handler. */
  handled(promise: Promise<unknown>): void;
}

type Executor<T> = (
  resolve: (value: T | PromiseLike<T>) => void,
  reject: (reason?: unknown) => void,
) => void;

/**
 * A promise that has a handler of its own, so that the runtime never regards its rejection as unhandled, and that records
 * whether the program has attached one.
 *
 * `await`, `Promise.all` and `return` in an async function attach a handler through `then`, because the constructor is not
 * `Promise` itself (ECMAScript, PromiseResolve). Promises that are derived from this one are ordinary promises: their
 * rejections belong to the program.
 */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #watcher: Watcher;
  #isHandled = false;

  constructor(executor: Executor<T>, watcher: Watcher) {
    super(executor);
    this.#watcher = watcher;
    super.then(undefined, (error) => {
      // The program may attach its handler until the turn is over, as with the platform's `unhandledrejection`.
      if (!this.#isHandled) watcher.rejected(this, error);
    });
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isHandled = true;
    this.#watcher.handled(this);
    return super.then(onFulfilled, onRejected);
  }
}
