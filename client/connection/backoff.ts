import type { BackoffSettings } from "../options.ts";

/**
 * How long to wait before a reconnect: half of it fixed, so that no client hammers the server, half of it random, so that
 * the clients of a server that fell do not come back in one wave.
 *
 * @param retries how many retries went before this one; 0: the first.
 * @param settings the bounds and the factor of growth.
 * @param random a number from 0 to 1.
 * @returns milliseconds, from half of `min(maxMs, minMs * factor ** retries)` to all of it.
 */
export function backoffDelay(
  retries: number,
  settings: Pick<BackoffSettings, "minMs" | "maxMs" | "factor">,
  random: number,
): number {
  const full = Math.min(
    settings.maxMs,
    settings.minMs * settings.factor ** retries,
  );
  return full / 2 + random * full / 2;
}

/** Counts the retries in a row. A connection that held for `resetAfterMs` ends the row. */
export class Backoff {
  /** Which retry in a row this is; 0: the first connection, or one after a connection that held. */
  attempt = 0;
  readonly #settings: BackoffSettings;

  constructor(settings: BackoffSettings) {
    this.#settings = settings;
  }

  /** A connection was lost after so many ms of use; 0: it never opened. */
  lost(uptimeMs: number): void {
    if (uptimeMs >= this.#settings.resetAfterMs) this.attempt = 0;
  }

  /**
   * Counts one more retry.
   *
   * @param random a number from 0 to 1.
   * @returns ms to wait before it, or `undefined`: there were enough.
   */
  next(random: number): number | undefined {
    if (this.attempt >= this.#settings.attempts) return undefined;
    return backoffDelay(this.attempt++, this.#settings, random);
  }
}
