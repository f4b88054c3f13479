/**
 * Metrics and spans for OpenTelemetry, through what is built into Deno: with `OTEL_DENO=true` they go where the standard
 * variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, …) say, without it they go nowhere. docs/observability.md lists them.
 *
 * @module
 */
import type { Measured } from "../../hub/observe/metrics.ts";
import { watchLag } from "./event_loop_lag.ts";
import { COUNTERS, GAUGES } from "./series.ts";

export type { Measured } from "../../hub/observe/metrics.ts";

/** A flush below this, in ms, has no span: there may be thousands of them in a second. */
const SLOW_FLUSH_MS = 5;

/** What is used of OpenTelemetry's API; Deno has no types for it. */
interface Meter {
  createObservableGauge(name: string, options: Described): Observable;
  createObservableCounter(name: string, options: Described): Observable;
  createHistogram(name: string, options: Described): {
    record(value: number): void;
  };
}
interface Described {
  readonly description: string;
  readonly unit?: string;
}
interface Observable {
  addCallback(callback: (result: Result) => void): void;
  removeCallback(callback: (result: Result) => void): void;
}
interface Result {
  observe(value: number, attributes?: Record<string, string>): void;
}
interface Tracer {
  startSpan(
    name: string,
    options: {
      readonly startTime: number;
      readonly attributes?: Record<string, string>;
    },
  ): Span;
}
interface Span {
  setStatus(status: { readonly code: number }): void;
  end(time: number): void;
}

/** OpenTelemetry's code for what went wrong. */
const ERROR = 2;

/**
 * Measures a hub until it is closed. Without `OTEL_DENO=true` it does nothing.
 *
 * @param hub what to measure.
 * @example
 * ```ts
 * import { createHub } from "../../hub.ts";
 * import { telemetry } from "./opentelemetry.ts";
 *
 * await using hub = createHub();
 * telemetry(hub);
 * ```
 */
export function telemetry(hub: Measured): void {
  // The runtime is there before any permission is asked for: it makes this where it exports, and only there.
  if (!Reflect.has(globalThis, Symbol.for("opentelemetry.js.api.1"))) return;
  const meter: Meter = Deno.telemetry.meterProvider.getMeter("drumbeat");
  const tracer: Tracer = Deno.telemetry.tracerProvider.getTracer("drumbeat");
  const rest = observeNumbers(meter, hub);
  const histogram = (name: string, description: string) =>
    meter.createHistogram(`drumbeat.${name}`, { description, unit: "s" });
  const flush = histogram("flush", "How long flushes take");
  const roundTrip = histogram("round_trip", "From a ping to its pong");
  const lag = histogram("event_loop_lag", "How late a timer is");
  const stopLag = watchLag((ms) => lag.record(ms / 1000));
  hub.observe({
    flushed(ms) {
      flush.record(ms / 1000);
      if (ms < SLOW_FLUSH_MS) return;
      const endTime = Date.now();
      const startTime = endTime - ms;
      tracer.startSpan("drumbeat.flush", { startTime }).end(endTime);
    },
    answered(method, ms, isRefused) {
      const endTime = Date.now();
      const span = tracer.startSpan("drumbeat.request", {
        startTime: endTime - ms,
        attributes: { "drumbeat.method": method },
      });
      if (isRefused) span.setStatus({ code: ERROR });
      span.end(endTime);
    },
    roundTrip: (ms) => roundTrip.record(ms / 1000),
    going(step) {
      if (step !== "closed") return;
      rest();
      stopLag();
    },
  });
}

/** The numbers of `hub.stats()`, whenever the runtime exports. */
function observeNumbers(meter: Meter, hub: Measured): () => void {
  const ends: (() => void)[] = [];
  const watch = (to: Observable, callback: (result: Result) => void) => {
    to.addCallback(callback);
    ends.push(() => to.removeCallback(callback));
  };
  for (const [name, [description, of]] of Object.entries(GAUGES)) {
    const gauge = meter.createObservableGauge(`drumbeat.${name}`, {
      description,
    });
    watch(gauge, (result) => result.observe(of(hub.stats())));
  }
  for (const [name, [description, label, of]] of Object.entries(COUNTERS)) {
    // `_total` is Prometheus' own custom.
    const bare = name.replace(/_total$/, "");
    const counter = meter.createObservableCounter(`drumbeat.${bare}`, {
      description,
    });
    watch(counter, (result) => {
      for (const [value, n] of of(hub.stats())) {
        result.observe(n, label === "" ? {} : { [label]: value });
      }
    });
  }
  return () => ends.forEach((end) => end());
}
