import type { Entry, Store, StoreSink } from "./store.ts";

/** What becomes of a store's failures. */
export interface StoreFailures {
  /** Something failed. */
  failed(error: unknown): void;
  /** These were given to `append`, which failed: those without an outcome have none to wait for. */
  lost(entries: readonly Entry[]): void;
}

/**
 * A store whose failures end nobody: what it throws, or rejects though it was to answer through its sink, is reported.
 * Timers and socket events call it, where an exception would be the end of the process.
 *
 * Only `open`, `begin`, `claim` and `read` still throw, to those who can refuse whoever asked.
 */
export class GuardedStore implements Store {
  readonly shared: boolean;
  /** Absent where the store has none. */
  readonly read?: NonNullable<Store["read"]>;
  readonly #store: Store;
  readonly #failures: StoreFailures;

  constructor(store: Store, failures: StoreFailures) {
    this.#store = store;
    this.#failures = failures;
    this.shared = store.shared ?? false;
    if (store.read !== undefined) this.read = store.read.bind(store);
  }

  get healthy(): boolean {
    return this.#store.healthy ?? true;
  }

  connect(sink: StoreSink): void {
    this.#store.connect(sink);
  }

  open(topic: string): void {
    this.#reported(this.#store.open(topic));
  }

  append(entries: readonly Entry[]): void {
    const lost = (error: unknown) => {
      this.#failures.failed(error);
      this.#failures.lost(entries);
    };
    try {
      const answer: unknown = this.#store.append(entries);
      if (answer instanceof Promise) answer.catch(lost);
    } catch (error) {
      lost(error);
    }
  }

  forget(topic: string): void {
    this.#guard(() => this.#store.forget(topic));
  }

  begin(session: string): void {
    this.#reported(this.#store.begin(session));
  }

  claim(session: string): boolean | Promise<boolean> {
    return this.#store.claim(session);
  }

  detach(session: string): void {
    this.#guard(() => this.#store.detach(session));
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  #guard(run: () => unknown): void {
    try {
      this.#reported(run());
    } catch (error) {
      this.#failures.failed(error);
    }
  }

  /** A method that returns nothing may still be an async function. */
  #reported(answer: unknown): void {
    if (answer instanceof Promise) answer.catch(this.#failures.failed);
  }
}
