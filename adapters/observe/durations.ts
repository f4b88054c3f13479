import type { Observer } from "../../hub/observe/observer.ts";

/** A duration that is exported as a histogram. */
interface Duration {
  /** The metric's name, without the prefix and the unit. */
  readonly name: string;
  readonly help: string;
  /** The upper bounds of the buckets, in seconds. */
  readonly buckets: readonly number[];
}

const LATENCY_BUCKETS = [1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Every duration of a hub. */
export const DURATIONS = {
  flush: {
    name: "flush",
    help: "Duration of a flush, the store's commit included",
    buckets: [1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1],
  },
  roundTrip: {
    name: "round_trip",
    help:
      "Time from a ping of the hub to its pong; the hub does not ping a client that pings first",
    buckets: LATENCY_BUCKETS,
  },
  eventLoopLag: {
    name: "event_loop_lag",
    help: "Delay of a timer of the event loop, measured twice a second",
    buckets: LATENCY_BUCKETS,
  },
} as const satisfies Readonly<Record<string, Duration>>;

/** Records one duration, in seconds. */
type RecordDuration = (seconds: number) => void;

/**
 * Observes every duration of a hub.
 *
 * @param histogram makes the histogram of a duration, and returns the function that records into it.
 */
export function observeDurations(
  histogram: (duration: Duration) => RecordDuration,
): Required<Pick<Observer, "start" | "flushed" | "roundTrip">> {
  const flush = histogram(DURATIONS.flush);
  const roundTrip = histogram(DURATIONS.roundTrip);
  const lag = histogram(DURATIONS.eventLoopLag);
  return {
    start: () => measureLag((ms) => lag(ms / 1000)),
    flushed: (ms) => flush(ms / 1000),
    roundTrip: (ms) => roundTrip(ms / 1000),
  };
}

/** The interval of the measurement, in ms. */
const INTERVAL_MS = 500;

/** Measures the delay of a timer: everything that waits for the event loop is delayed by as much. */
function measureLag(record: (ms: number) => void): () => void {
  let due = performance.now() + INTERVAL_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    record(Math.max(0, now - due));
    // Counted from now: one pause of a second is one late timer, not two.
    due = now + INTERVAL_MS;
  }, INTERVAL_MS);
  // The measurement must not keep the process alive.
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
