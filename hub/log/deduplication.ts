import { NOT_KEPT } from "./outcome.ts";
import type { Outcome } from "./store.ts";

/** Outcomes that are kept of a session's publishes. A client has no more than that unsettled. */
const KEPT = 256;

/** How a session's last publishes ended, so that a repeated id gets the same answer: docs/protocol.md, "Publishing". */
export class Outcomes {
  #highest = -1;
  #byId: Map<number, Outcome> | undefined;

  /**
   * The outcome of an id that was there before.
   *
   * @returns its outcome; the error `unknown` for one that is too old, or was skipped; `undefined` for a new id.
   */
  known(id: number): Outcome | undefined {
    if (id > this.#highest) return undefined;
    return this.#byId?.get(id) ??
      NOT_KEPT;
  }

  /**
   * Keeps the outcome of a new id.
   *
   * @returns the id whose outcome is not kept any more, if there is one.
   */
  settle(id: number, outcome: Outcome): number | undefined {
    this.#highest = id;
    this.#byId ??= new Map();
    this.#byId.set(id, outcome);
    if (this.#byId.size <= KEPT) return undefined;
    // A Map keeps its order: the first one is the oldest.
    const [oldest] = this.#byId.keys();
    this.#byId.delete(oldest!);
    return oldest;
  }
}
