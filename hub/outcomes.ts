import type { Outcome } from "./store.ts";

/** Outcomes that are kept of a session's publishes. A client has no more than that unsettled. */
const KEPT = 256;

/** How a session's last publishes ended, so that a repeated id gets the same answer: docs/protocol.md, "Publishing once". */
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
      {
        code: "unknown",
        message:
          "The id is not above the ones before, and its outcome is not kept any more",
      };
  }

  /** Keeps the outcome of a new id. */
  settle(id: number, outcome: Outcome): void {
    this.#highest = id;
    this.#byId ??= new Map();
    this.#byId.set(id, outcome);
    // A Map keeps its order: the first one is the oldest.
    if (this.#byId.size > KEPT) {
      for (const oldest of this.#byId.keys()) {
        this.#byId.delete(oldest);
        break;
      }
    }
  }
}
