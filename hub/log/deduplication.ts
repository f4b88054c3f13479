import { NOT_KEPT } from "./outcome.ts";
import type { Outcome } from "./store.ts";

/** The number of outcomes that are kept of a session. A client has no more publishes without an outcome. */
const KEPT = 256;

/** The outcomes of a session's last publishes: a repeated id receives the same outcome. docs/protocol.md, "Publishing". */
export class Outcomes {
  #highest = -1;
  #byId: Map<number, Outcome> | undefined;

  /**
   * Returns the outcome of a repeated id.
   *
   * @returns its outcome; the error `indeterminate` if its outcome is not kept; `undefined` for a new id.
   */
  known(id: number): Outcome | undefined {
    if (id > this.#highest) return undefined;
    return this.#byId?.get(id) ?? NOT_KEPT;
  }

  /**
   * Keeps the outcome of a new id.
   *
   * @returns the id whose outcome is not kept any more; `undefined` if all outcomes are kept.
   */
  settle(id: number, outcome: Outcome): number | undefined {
    this.#highest = id;
    this.#byId ??= new Map();
    this.#byId.set(id, outcome);
    if (this.#byId.size <= KEPT) return undefined;
    // A Map is ordered by insertion: its first key is the oldest.
    const [oldest] = this.#byId.keys();
    this.#byId.delete(oldest!);
    return oldest;
  }
}
