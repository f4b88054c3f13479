import type { Outcome } from "./store.ts";

/** The outcome of an entry that is not stored. */
export const UNAVAILABLE: Outcome = {
  code: "unavailable",
  message: "Log cannot be written",
};

/** The outcome of an entry that may be stored. */
export const INDETERMINATE: Outcome = {
  code: "indeterminate",
  message: "The log failed: it may contain the message",
};

/** The outcome of a repeated entry whose first outcome is not kept. */
export const NOT_KEPT: Outcome = {
  code: "indeterminate",
  message: "The id is not above the ones before, and its outcome is not kept",
};

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
