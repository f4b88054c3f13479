/**
 * Metrics in Prometheus' text format, with npm `prom-client`: docs/observability.md lists them.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "npm:prom-client@15.1.3";
import { METRICS_BY_NAME, samplesOf } from "../../hub/observe/metrics.ts";
import type { Metrics, ObservedHub } from "../../hub/observe/observer.ts";
import { observeDurations } from "./durations.ts";

export type { Metrics } from "../../hub/observe/observer.ts";

/**
 * Makes an observer that renders the numbers of one hub in Prometheus' text format. Give it to `hub.observe`, or to
 * `serve` and `createHandler` as `metrics`. While it observes, it holds a timer that measures the event loop's lag.
 *
 * @returns the observer. `hub.observe` throws an `Error` when it observes another hub already.
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { prometheus } from "./prometheus.ts";
 *
 * await using hub = createHub();
 * const metrics = prometheus();
 * hub.observe(metrics);
 * assertStringIncludes(await metrics.text(), "drumbeat_peers 0");
 * ```
 */
export function prometheus(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const metrics = new Map<string, Gauge | Counter>();
  for (const [name, { kind, help, label }] of METRICS_BY_NAME) {
    const labelNames = label === undefined ? [] : [label[0]];
    const options = { help, labelNames, registers };
    metrics.set(
      name,
      kind === "gauge"
        ? new Gauge({ name: `drumbeat_${name}`, ...options })
        : new Counter({ name: `drumbeat_${name}_total`, ...options }),
    );
  }
  const durations = observeDurations(({ name, help, buckets }) => {
    const histogram = new Histogram({
      name: `drumbeat_${name}_seconds`,
      help,
      buckets: [...buckets],
      registers,
    });
    return (seconds) => histogram.observe(seconds);
  });
  let observed: ObservedHub | undefined;
  return {
    ...durations,
    start(hub) {
      if (observed !== undefined && observed !== hub) {
        throw new Error("Cannot observe the hub: the metrics observe another");
      }
      observed = hub;
      return durations.start(hub);
    },
    contentType: registry.contentType,
    text() {
      if (observed === undefined) {
        const message = "Cannot render metrics: they do not observe a hub yet";
        return Promise.reject(new Error(message));
      }
      for (const metric of metrics.values()) metric.reset();
      for (const [name, labels, n] of samplesOf(observed.stats())) {
        metrics.get(name)!.inc(labels, n);
      }
      return registry.metrics();
    },
  };
}
