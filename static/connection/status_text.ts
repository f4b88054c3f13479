/**
 * The text of the status line.
 * @module
 */
import { roundTrip } from "../text_format.ts";

/** The client's state, as the status line shows it. */
export interface ConnectionStatus {
  /** The client's state. */
  readonly state: "connecting" | "open" | "waiting" | "closed";
  /** The last round trip in ms, once one is measured. */
  readonly rttMs: number | undefined;
  /** The time of the next attempt, ms since 1970, while the client waits. */
  readonly retryAt: number | undefined;
  /** True if the connection was open before. */
  readonly isReconnect: boolean;
}

/**
 * Formats the connection's status.
 *
 * @param status the client's state.
 * @param now the time, ms since 1970.
 * @returns a word such as "online" or "reconnecting", and a detail such as "12 ms" or "in 3 s", or "".
 */
export function statusText(
  { state, rttMs, retryAt, isReconnect }: ConnectionStatus,
  now: number,
): { readonly word: string; readonly detail: string } {
  switch (state) {
    case "connecting":
      return {
        word: isReconnect ? "reconnecting…" : "connecting…",
        detail: "",
      };
    case "open":
      return {
        word: "online",
        detail: rttMs === undefined ? "" : roundTrip(rttMs),
      };
    case "waiting": {
      const seconds = Math.max(1, Math.ceil(((retryAt ?? now) - now) / 1000));
      return { word: "reconnecting", detail: `in ${seconds} s` };
    }
    case "closed":
      return { word: "offline", detail: "" };
  }
}
