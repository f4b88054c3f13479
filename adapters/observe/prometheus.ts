/**
 * Metrics in Prometheus' text format, through npm `prom-client`: docs/observability.md lists them.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "npm:prom-client@15.1.3";
import type { Measured, Metrics } from "../../hub/observe/metrics.ts";
import { watchLag } from "./event_loop_lag.ts";
import { COUNTERS, GAUGES } from "./series.ts";

export type { Measured, Metrics } from "../../hub/observe/metrics.ts";

const FLUSH_BUCKETS = [1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1];
const LATENCY_BUCKETS = [1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/**
 * Measures a hub. To be given to `serve` or `createHandler` as `metrics`.
 *
 * @param hub what to measure. A timer for the event loop's lag runs until the hub is closed.
 * @returns what `/metrics` answers with.
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { prometheus } from "./prometheus.ts";
 *
 * await using hub = createHub();
 * const metrics = prometheus(hub);
 * assertStringIncludes(await metrics.text(), "drumbeat_peers 0");
 * ```
 */
export function prometheus(hub: Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauges = Object.entries(GAUGES).map(([name, [help, of]]) =>
    [new Gauge({ name: `drumbeat_${name}`, help, registers }), of] as const
  );
  const counters = Object.entries(COUNTERS).map(([name, [help, label, of]]) => {
    const labelNames = label === "" ? [] : [label];
    const options = { name: `drumbeat_${name}`, help, labelNames, registers };
    return [new Counter(options), label, of] as const;
  });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `drumbeat_${name}`, help, buckets, registers });
  const flush = histogram("flush_seconds", "How long flushes take", [
    ...FLUSH_BUCKETS,
  ]);
  const roundTrip = histogram(
    "round_trip_seconds",
    "From a ping of the server to its pong",
    LATENCY_BUCKETS,
  );
  const lag = histogram(
    "event_loop_lag_seconds",
    "How late a timer is, twice a second",
    LATENCY_BUCKETS,
  );
  const rest = watchLag((ms) => lag.observe(ms / 1000));
  hub.observe({
    flushed: (ms) => flush.observe(ms / 1000),
    roundTrip: (ms) => roundTrip.observe(ms / 1000),
    going: (step) => {
      if (step === "closed") rest();
    },
  });
  return {
    contentType: registry.contentType,
    text() {
      // Once for all of them: it visits every topic and every connection.
      const stats = hub.stats();
      for (const [gauge, of] of gauges) gauge.set(of(stats));
      for (const [counter, label, of] of counters) {
        counter.reset();
        for (const [value, n] of of(stats)) {
          counter.inc(label === "" ? {} : { [label]: value }, n);
        }
      }
      return registry.metrics();
    },
  };
}
