import { deadline } from "jsr:@std/async@^1/deadline";
import {
  checkNames,
  checkNumber,
  type OptionNames,
} from "../common/options.ts";
import { CloseCode } from "../messages.ts";

/** Options of {@linkcode Server.drain}. */
export interface DrainOptions {
  /**
   * The time over which the peers are disconnected, in ms. It ends at the latest one second before the deadline.
   *
   * @default 1000, or what a shorter deadline leaves
   */
  readonly overMs?: number | undefined;
  /**
   * The time after which the server closes without the peers that are left, in ms.
   *
   * @default `overMs` + 2000
   */
  readonly deadlineMs?: number | undefined;
}

/** {@linkcode DrainOptions}, checked and complete. */
export interface DrainTimes {
  readonly overMs: number;
  readonly deadlineMs: number;
}

const NAMES: OptionNames<DrainOptions> = { overMs: true, deadlineMs: true };

const DEFAULT_OVER_MS = 1000;
/** From the last disconnect to the default deadline, in ms. */
const AFTER_LAST_MS = 2000;
/** The time of a closing handshake, and of the waits of adapters/socket_deno.ts before it, in ms. */
const CLOSING_MS = 1000;
/** The part of the deadline that is left for the store and the listener, in ms. */
const RESERVED_MS = 300;

/**
 * Checks the options of a drain and fills in the defaults.
 *
 * @throws {TypeError} for an unknown option or a value that is not a number.
 * @throws {RangeError} for a time that is negative or not finite.
 */
export function drainTimes(options: DrainOptions = {}): DrainTimes {
  const action = "Cannot drain";
  checkNames(action, options, NAMES);
  const { overMs = DEFAULT_OVER_MS } = options;
  const { deadlineMs = overMs + AFTER_LAST_MS } = options;
  for (const [name, ms] of Object.entries({ overMs, deadlineMs })) {
    checkNumber(action, name, ms, { max: Number.MAX_SAFE_INTEGER });
  }
  return {
    overMs: Math.max(0, Math.min(overMs, deadlineMs - CLOSING_MS)),
    deadlineMs,
  };
}

/** The part of the hub that is drained. */
interface DrainedHub {
  drain(options: { readonly overMs: number }): Promise<void>;
  close(
    options: { readonly code: number; readonly graceMs: number },
  ): Promise<void>;
}

/**
 * Drains and closes a server of any transport: disconnects the peers over a time, then the rest at once, closes the store,
 * and shuts the listener down. It resolves at the deadline at the latest, with the peers left that do not answer.
 *
 * @param hub the hub to drain. It refuses new connections itself.
 * @param listener the listener to shut down.
 * @param times see {@linkcode drainTimes}.
 */
export async function drainServer(
  hub: DrainedHub,
  listener: { shutdown(): Promise<void> },
  { overMs, deadlineMs }: DrainTimes,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  const leftMs = () => Math.max(0, endsAt - performance.now());
  // A store that does not answer, or a request handler that does not return, must not keep a peer open.
  await within(overMs + (deadlineMs - overMs) / 2, hub.drain({ overMs }));
  const closed = hub.close({
    code: CloseCode.restart,
    graceMs: Math.max(0, leftMs() - RESERVED_MS),
  });
  // Some time in any case: with a short deadline, acknowledged messages still have to be written.
  await within(leftMs() + RESERVED_MS, closed);
  // The runtime's shutdown waits for stalled peers without a limit; aborting it throws in Deno 2.9.
  await within(leftMs(), listener.shutdown());
}

/** Resolves when the promise has settled, or after so many ms. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  await deadline(promise, ms).catch(() => {});
}
