import type { Store } from "./store.ts";

/**
 * A store whose exceptions and rejections are reported: timers and socket events call it, where an uncaught exception
 * would end the process. Only `open`, `begin`, `claim` and `read` throw, to callers that can refuse the operation. Appends
 * are the {@linkcode Publisher}'s, which settles the entries of a failed append.
 */
export class GuardedStore
  implements Omit<Store, "connect" | "append" | typeof Symbol.asyncDispose> {
  readonly shared: boolean;
  /** Absent if the store has none. */
  readonly read?: NonNullable<Store["read"]>;
  /** Absent if the store has none. */
  readonly has?: NonNullable<Store["has"]>;
  readonly #store: Store;
  readonly #failed: (error: unknown) => void;

  /**
   * @param store the store.
   * @param failed receives each failure.
   */
  constructor(store: Store, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
    this.shared = store.shared ?? false;
    if (store.read !== undefined) this.read = store.read.bind(store);
    if (store.has !== undefined) this.has = store.has.bind(store);
  }

  get healthy(): boolean {
    return this.#store.healthy ?? true;
  }

  open(topic: string): void {
    this.#watch(this.#store.open(topic));
  }

  forget(topic: string): void {
    this.#guard(() => this.#store.forget(topic));
  }

  begin(session: string): void {
    this.#watch(this.#store.begin(session));
  }

  claim(session: string): boolean | Promise<boolean> {
    return this.#store.claim(session);
  }

  detach(session: string): void {
    this.#guard(() => this.#store.detach(session));
  }

  sweep(): void {
    this.#guard(() => this.#store.sweep?.());
  }

  #guard(run: () => unknown): void {
    try {
      this.#watch(run());
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Reports a rejection: a method whose result is ignored may still be an async function. */
  #watch(result: unknown): void {
    if (result instanceof Promise) result.catch(this.#failed);
  }
}
