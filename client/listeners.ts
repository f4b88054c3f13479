import { checkNames } from "../common/options.ts";
import type { ListenerOptions } from "../messages.ts";
import { watchAbort } from "./abort.ts";
import { report } from "./report.ts";

/** Handles a value. `remove` is given to a listener that runs once: it calls it before it calls the handler. */
type Listener<T> = (value: T, remove?: () => void) => void;

/** The handlers of one topic, called in the order in which they were added. */
export class Listeners<T> {
  /** The listeners, and the functions that detach them from their signals. */
  readonly #listeners = new Map<Listener<T>, () => void>();

  /**
   * Adds a listener.
   *
   * @param listener a new function; receives each value, and calls `remove`, if it is given, before its handler runs.
   * @param options a signal, and whether the handler runs once.
   * @returns removes the listener; idempotent.
   * @throws {TypeError} for an unknown option.
   */
  add(listener: Listener<T>, options?: ListenerOptions): () => void {
    if (options !== undefined) {
      checkNames("Cannot add a handler", options, { signal: true, once: true });
    }
    const { signal, once = false } = options ?? {};
    if (signal?.aborted) return () => {};
    const added: Listener<T> = once
      ? (value) => listener(value, remove)
      : listener;
    const remove = (): void => {
      this.#listeners.get(added)?.();
      this.#listeners.delete(added);
    };
    this.#listeners.set(added, watchAbort(signal, remove));
    return remove;
  }

  /** Gives a value to each listener. An exception of one is reported and does not stop the others. */
  dispatch(value: T): void {
    for (const listener of this.#listeners.keys()) {
      try {
        listener(value);
      } catch (error) {
        report(error);
      }
    }
  }

  /** Removes every listener. */
  clear(): void {
    for (const unwatch of this.#listeners.values()) unwatch();
    this.#listeners.clear();
  }
}
