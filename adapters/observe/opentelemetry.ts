/**
 * Metrics and spans for OpenTelemetry, with the exporter that is built into Deno: with `OTEL_DENO=true` it exports to
 * where the standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, …) point. docs/observability.md lists them.
 *
 * @module
 */
import type {
  Meter,
  Observable,
  SpanStatusCode,
  Tracer,
} from "npm:@opentelemetry/api@1.10.0";
import { METRICS_BY_NAME, samplesOf } from "../../hub/observe/metrics.ts";
import type { ObservedHub, Observer } from "../../hub/observe/observer.ts";
import { observeDurations } from "./durations.ts";

/** Shorter flushes have no span, in ms: there may be thousands in a second. */
const SLOW_FLUSH_MS = 5;

/** `SpanStatusCode.ERROR`, without the package at run time. */
const ERROR: SpanStatusCode.ERROR = 2;

/**
 * Makes an observer that exports a hub's numbers, durations, slow flushes and requests: `hub.observe(telemetry())`.
 *
 * @returns the observer. Without `OTEL_DENO=true` it is empty: it does nothing and holds nothing.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { telemetry } from "./opentelemetry.ts";
 *
 * await using hub = createHub();
 * hub.observe(telemetry());
 * assertEquals(await hub.broadcast({ type: "chat", text: "measured" }), 0);
 * ```
 */
export function telemetry(): Observer {
  // Deno sets this if it exports telemetry. Reading the variable itself would need `--allow-env`.
  if (!Reflect.has(globalThis, Symbol.for("opentelemetry.js.api.1"))) return {};
  const meter: Meter = Deno.telemetry.meterProvider.getMeter("drumbeat");
  const tracer: Tracer = Deno.telemetry.tracerProvider.getTracer("drumbeat");
  const durations = observeDurations(({ name, help }) => {
    const options = { description: help, unit: "s" };
    const histogram = meter.createHistogram(`drumbeat.${name}`, options);
    return (seconds) => histogram.record(seconds);
  });
  return {
    ...durations,
    start(hub) {
      const stopNumbers = observeNumbers(meter, hub);
      const stopDurations = durations.start(hub);
      return () => {
        stopNumbers();
        stopDurations?.();
      };
    },
    flushed(ms) {
      durations.flushed(ms);
      if (ms < SLOW_FLUSH_MS) return;
      const endTime = Date.now();
      const startTime = endTime - ms;
      tracer.startSpan("drumbeat.flush", { startTime }).end(endTime);
    },
    answered({ method, ms, isRefused }) {
      const endTime = Date.now();
      const span = tracer.startSpan("drumbeat.request", {
        startTime: endTime - ms,
        attributes: { "drumbeat.method": method },
      });
      if (isRefused) span.setStatus({ code: ERROR });
      span.end(endTime);
    },
  };
}

/** Reads the numbers of a hub before each export of Deno. @returns stops the reads. */
function observeNumbers(meter: Meter, hub: ObservedHub): () => void {
  const instruments = new Map<string, Observable>();
  for (const [name, { kind, help }] of METRICS_BY_NAME) {
    const options = { description: help };
    instruments.set(
      name,
      kind === "gauge"
        ? meter.createObservableGauge(`drumbeat.${name}`, options)
        : meter.createObservableCounter(`drumbeat.${name}`, options),
    );
  }
  const all = [...instruments.values()];
  const read: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    for (const [name, labels, n] of samplesOf(hub.stats())) {
      result.observe(instruments.get(name)!, n, labels);
    }
  };
  meter.addBatchObservableCallback(read, all);
  return () => meter.removeBatchObservableCallback(read, all);
}
