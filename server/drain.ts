import { abortable } from "jsr:@std/async@^1/abortable";
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
   * @default 1_000, or less with a short deadline
   */
  readonly overMs?: number | undefined;
  /**
   * The time after which the server is closed, even if peers have not answered, in ms.
   *
   * @default overMs + 2_000
   */
  readonly deadlineMs?: number | undefined;
  /**
   * Ends the wait: the promise rejects with the signal's reason. The drain continues.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** The times of {@linkcode DrainOptions}, checked and with the defaults filled in. */
export interface DrainTimes {
  readonly overMs: number;
  readonly deadlineMs: number;
}

const NAMES: OptionNames<DrainOptions> = {
  overMs: true,
  deadlineMs: true,
  signal: true,
};

const DEFAULT_OVER_MS = 1000;
/** From the last disconnect to the default deadline, in ms. */
const AFTER_LAST_MS = 2000;
/** The time of a closing handshake, and of the waits of adapters/socket_deno.ts before it, in ms. */
const CLOSING_MS = 1000;
/** The part of the deadline that is reserved for the store and the listener, in ms. */
const RESERVED_MS = 300;

/**
 * Checks the options of a drain and fills in the defaults.
 *
 * @param options see {@linkcode DrainOptions}.
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
 * Drains and closes a server of any transport: disconnects the peers over a time, then the rest at once, closes the store
 * and the listener. It resolves at the deadline at the latest, even if peers have not answered.
 *
 * @param hub the hub to drain. It refuses new connections itself.
 * @param listener the listener to close.
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

/**
 * Returns the promise of a drain for one caller. It rejects when the caller's signal aborts; the drain continues.
 *
 * @param drained the promise of the drain.
 * @param signal the caller's signal. Default: none.
 */
export function awaitDrain(
  drained: Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (signal === undefined) return drained;
  const waiting = abortable(drained, signal);
  // An ignored rejection must not end the process.
  waiting.catch(() => {});
  return waiting;
}

/** Resolves when the promise has settled, or after a time. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  await deadline(promise, ms).catch(() => {});
}
