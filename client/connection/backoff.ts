import { backoffMs } from "../../common/backoff.ts";
import { CloseCode } from "../../messages.ts";
import { type BackoffSettings, DEFAULTS } from "../options.ts";

/** The close codes of an overloaded server, and of a client above its rates: the wait after them is doubled. */
const SLOW_CODES: ReadonlySet<number> = new Set([
  CloseCode.tryLater,
  CloseCode.rateLimited,
]);

/** The retries in a row, and the wait before the next one. */
export class Backoff {
  /** The number of this retry in a row; 0 for the first connection, or for one after a stable connection. */
  attempt = 0;
  readonly #settings: BackoffSettings;

  /** @param settings the waits and the number of attempts. */
  constructor(settings: BackoffSettings) {
    this.#settings = settings;
  }

  /**
   * Starts at the shortest wait again, if the closed connection was stable.
   *
   * @param uptimeMs the time for which it was open; 0 if it never opened.
   */
  connectionClosed(uptimeMs: number): void {
    if (uptimeMs >= DEFAULTS.stableAfterMs) this.attempt = 0;
  }

  /**
   * Counts one more retry.
   *
   * @param random a number from 0 to 1.
   * @param code the close code of the last connection. Default: an ordinary one.
   * @returns the wait before the retry in ms, or `undefined` after the last attempt.
   */
  next(random: number, code: number = CloseCode.abnormal): number | undefined {
    if (this.attempt >= this.#settings.attempts) return undefined;
    const waitMs = backoffMs(this.attempt++, this.#settings, random);
    return SLOW_CODES.has(code) ? waitMs * 2 : waitMs;
  }
}
