import type { Client } from "../../client.ts";

/** The times that clients spent without a connection. */
export class Interruptions {
  readonly #ms: number[] = [];

  /** Starts to measure a client. */
  watch(client: Client): void {
    let since: number | undefined;
    client.addEventListener("statechange", ({ state, previous }) => {
      if (previous === "open") since = performance.now();
      else if (state === "open" && since !== undefined) {
        this.#ms.push(performance.now() - since);
        since = undefined;
      }
    });
  }

  /** The number of interruptions that have ended. */
  get count(): number {
    return this.#ms.length;
  }

  /** Returns a quantile in ms; 0 without an interruption. @param share from 0 to 1. */
  quantile(share: number): number {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }
}
