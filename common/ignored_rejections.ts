import { deferred } from "./platform.ts";

/** The parts of the owner that {@linkcode IgnoredRejections} uses. */
export interface IgnoredRejectionsContext {
  /**
   * Calls a function once the current turn of the event loop is over.
   *
   * @returns cancels the call, if that is possible.
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
  /** The rejected promises without a handler, with the reports of their reasons, until the turn is over. */
  readonly #rejected = new Map<Promise<unknown>, () => void>();
  /** One for all promises: each of them would need objects of its own otherwise. */
  readonly #watcher: Watcher;
  #isPlanned = false;
  #cancel: (() => void) | undefined;

  constructor(context: IgnoredRejectionsContext) {
    this.#context = context;
    this.#watcher = {
      rejected: (promise, error, ignored) => {
        this.#rejected.set(promise, () => ignored(error));
        if (this.#isPlanned) return;
        this.#isPlanned = true;
        this.#cancel = context.afterTurn(() => this.flush());
      },
      handled: (promise) => {
        if (this.#rejected.delete(promise) && this.#rejected.size === 0) {
          this.#stop();
        }
      },
    };
  }

  /**
   * Creates a promise.
   *
   * @typeParam T the promise's value.
   * @param executor the executor, as for `new Promise`.
   * @param ignored receives the reason of a rejection that the program has ignored. Default: that of the context.
   */
  promise<T>(
    executor: Executor<T>,
    ignored: Ignored = this.#context.ignored,
  ): Promise<T> {
    const { promise, resolve, reject } = deferred<T>(WatchedPromise);
    const rejectWatched = (reason?: unknown): void => {
      WatchedPromise.watch(promise, this.#watcher, ignored);
      reject(reason);
    };
    try {
      executor(resolve, rejectWatched);
    } catch (error) {
      rejectWatched(error);
    }
    return promise;
  }

  /**
   * Creates a promise that settles as another one does.
   *
   * @typeParam T the promise's value.
   * @param promise the other promise.
   * @param ignored receives the reason of a rejection that the program has ignored. Default: that of the context.
   */
  watch<T>(promise: Promise<T>, ignored?: Ignored): Promise<T> {
    return this.promise<T>(
      (resolve, reject) => promise.then(resolve, reject),
      ignored,
    );
  }

  /** Reports now what would be reported after the turn: for an owner whose clock stops. */
  flush(): void {
    this.#stop();
    const reports = [...this.#rejected.values()];
    this.#rejected.clear();
    for (const report of reports) report();
  }

  #stop(): void {
    // A check that cannot be cancelled finds nothing.
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isPlanned = false;
  }
}

type Ignored = (error: unknown) => void;

interface Watcher {
  /** The promise was rejected without a handler. */
  rejected(promise: Promise<unknown>, error: unknown, ignored: Ignored): void;
  /** The program has attached a handler to a promise that was rejected without one. */
  handled(promise: Promise<unknown>): void;
}

type Executor<T> = (
  resolve: (value: T) => void,
  reject: (reason?: unknown) => void,
) => void;

/**
 * A promise that records whether the program has attached a handler. Before it is rejected, it gets a handler of its own, so
 * that the runtime never regards the rejection as unhandled.
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
  /** The watcher of a rejection that had no handler. */
  #watcher: Watcher | undefined;

  /** Attaches the handler of its own to a promise that is about to be rejected. */
  static watch(
    promise: Promise<unknown>,
    watcher: Watcher,
    ignored: Ignored,
  ): void {
    if (!(promise instanceof WatchedPromise)) return;
    Promise.prototype.then.call(promise, undefined, (error) => {
      if (promise.#isHandled) return;
      // The program may attach its handler until the turn is over, as with the platform's `unhandledrejection`.
      promise.#watcher = watcher;
      watcher.rejected(promise, error, ignored);
    });
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isHandled = true;
    this.#watcher?.handled(this);
    return super.then(onFulfilled, onRejected);
  }
}
