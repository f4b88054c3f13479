/**
 * The state of the connection in words.
 * @module
 */

/** What the words are made from. */
export interface Connection {
  readonly state: "connecting" | "open" | "waiting" | "closed";
  readonly rttMs: number | undefined;
  /** Ms since 1970. */
  readonly retryAt: number | undefined;
  /** Whether it was open before. */
  readonly again: boolean;
}

/**
 * A round trip in words.
 *
 * @param rttMs milliseconds.
 * @returns such as "12 ms", "0.4 ms".
 */
export function roundTrip(rttMs: number): string {
  if (rttMs < 1) {
    return `${Math.max(0.1, rttMs).toFixed(1)} ms`;
  }
  return rttMs < 9.95 && rttMs % 1 !== 0
    ? `${rttMs.toFixed(1)} ms`
    : `${Math.round(rttMs)} ms`;
}

/**
 * The state in words.
 *
 * @param connection the client's state.
 * @param now ms since 1970.
 * @returns such as "online", "reconnecting", with the number that belongs to it.
 */
export function statusWords(
  { state, rttMs, retryAt, again }: Connection,
  now: number,
): { readonly word: string; readonly detail: string } {
  switch (state) {
    case "connecting":
      return { word: again ? "reconnecting…" : "connecting…", detail: "" };
    case "open":
      return {
        word: "online",
        detail: rttMs === undefined ? "" : roundTrip(rttMs),
      };
    case "waiting": {
      const left = Math.max(1, Math.ceil(((retryAt ?? now) - now) / 1000));
      return { word: "reconnecting", detail: `in ${left} s` };
    }
    case "closed":
      return { word: "offline", detail: "" };
  }
}
