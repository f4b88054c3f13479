import { CloseCode, shouldReconnect } from "../../messages.ts";
import type { DetachCause } from "../peers/connections.ts";

/**
 * The longest grace time of a member whose page was closed, or whose proxy reloads, in ms. The member of a closed tab must not
 * stay for minutes, and the clients of a proxy that reloads return (Caddy sends 1001, or 1002 on the strict transport).
 */
export const GOING_AWAY_MS = 5_000;
/** The code that the WebSocket API reports for a close frame without a code: a `close()` without arguments. */
const NO_STATUS = 1005;
/** RFC 6455 section 7.4.1. */
const PROTOCOL_ERROR = 1002;

/**
 * Returns the time that a member stays after its connection was closed: docs/protocol.md, "Presence".
 *
 * @param cause the cause.
 * @param graceMs the grace time after a lost connection, in ms.
 * @returns a time in ms; 0 if the peer does not return.
 */
export function graceTimeAfter(
  { code, isByHub }: DetachCause,
  graceMs: number,
): number {
  switch (code) {
    case CloseCode.goingAway:
      // The hub ends: nothing would remove the member later.
      if (isByHub) return 0;
      return Math.min(graceMs, GOING_AWAY_MS);
    case PROTOCOL_ERROR:
    case CloseCode.pageKept:
      return Math.min(graceMs, GOING_AWAY_MS);
    case CloseCode.superseded:
      return graceMs;
    case NO_STATUS:
      return 0;
    default:
      return shouldReconnect(code) ? graceMs : 0;
  }
}
