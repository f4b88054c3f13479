import { deadline } from "jsr:@std/async@^1/deadline";
import { CloseCode } from "../messages.ts";

/** Options of `Server.drain`. */
export interface DrainOptions {
  /**
   * Peers go spread over this many ms, in any case before the last second until the deadline. Default: 1,000, or as much
   * as a shorter deadline leaves.
   */
  readonly overMs?: number;
  /** After this many ms nobody is waited for any more. Default: `overMs` + 2,000. */
  readonly deadlineMs?: number;
}

/** {@linkcode DrainOptions}, checked and with the defaults filled in. */
export type DrainTimes = Required<DrainOptions>;

const DEFAULT_OVER_MS = 1000;
/** From the last peer's time until the deadline, unless it is given. */
const AFTER_LAST_MS = 2000;
/** What a closing handshake takes, with the looks for quiet of adapters/socket_deno.ts before it. */
const CLOSING_MS = 1000;
/** What of the deadline is not for peers, but for the store and the listener. */
const LAST_MS = 300;

/**
 * Checks the times of a drain and fills in what is not given.
 *
 * @throws {RangeError} when one of them is no number of ms.
 */
export function drainTimes(options: DrainOptions = {}): DrainTimes {
  const { overMs: wanted = DEFAULT_OVER_MS } = options;
  const { deadlineMs = wanted + AFTER_LAST_MS } = options;
  for (const [name, ms] of Object.entries({ overMs: wanted, deadlineMs })) {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new RangeError(
        `The option '${name}' is a number of milliseconds, not ${ms}`,
      );
    }
  }
  return {
    overMs: Math.max(0, Math.min(wanted, deadlineMs - CLOSING_MS)),
    deadlineMs,
  };
}

/** The hub, as far as it takes part. */
interface Drained {
  drain(options: { readonly overMs: number }): Promise<void>;
  close(
    options: { readonly code: number; readonly graceMs: number },
  ): Promise<void>;
}

/**
 * Says goodbye and ends a server, whatever its transport: peers go over a time, then the rest at once; the store is
 * closed; the listener is shut down. It ends by the deadline, with whoever does not take part left behind.
 *
 * @param hub whose peers go. It says by itself that it takes no more.
 * @param listener takes no more connections, and ends.
 * @param times see {@linkcode drainTimes}.
 */
export async function drainServer(
  hub: Drained,
  listener: { shutdown(): Promise<void> },
  { overMs, deadlineMs }: DrainTimes,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  const leftMs = () => Math.max(0, endsAt - performance.now());
  // A store that does not answer, or a request's handler that does not end, must not keep a peer for ever.
  await before(overMs + (deadlineMs - overMs) / 2, hub.drain({ overMs }));
  const closed = hub.close({
    code: CloseCode.restart,
    graceMs: Math.max(0, leftMs() - LAST_MS),
  });
  // Not by the deadline alone: where there is none to speak of, what was acknowledged is still written.
  await before(leftMs() + LAST_MS, closed);
  // Deno's waits for stalled peers for as long as they please; aborting it as well throws in Deno 2.9.
  await before(leftMs(), listener.shutdown());
}

/** Resolves when a promise has settled, or after so many ms. */
async function before(ms: number, settles: Promise<void>): Promise<void> {
  await deadline(settles, ms).catch(() => {});
}
