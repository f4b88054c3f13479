import type { Client } from "../../client.ts";

/** How long clients were without a connection, each time. */
export class Interruptions {
  readonly #ms: number[] = [];
  #under = 0;

  /** Watches a client from now on. */
  watch(client: Client): void {
    let since: number | undefined;
    client.addEventListener("statechange", ({ state, previous }) => {
      if (previous === "open") {
        since = performance.now();
        this.#under++;
      } else if (state === "open" && since !== undefined) {
        this.#ms.push(performance.now() - since);
        since = undefined;
        this.#under--;
      }
    });
  }

  /** How many are over. */
  get count(): number {
    return this.#ms.length;
  }

  /** Clients that are not back yet. */
  get under(): number {
    return this.#under;
  }

  /** The ms that this share of them, from 0 to 1, did not last longer than; of none: 0. */
  quantile(share: number): number {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }
}
