import { assert, assertEquals, assertFalse } from "@std/assert";
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import { SpawnedServer, START } from "./spawned.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

/** A span, as OTLP has it. */
interface Span {
  readonly name: string;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

/** What collects telemetry: OTLP over HTTP, as JSON. */
class Collector implements AsyncDisposable {
  /** Everything that came, as text. */
  text = "";
  readonly spans: Span[] = [];
  /** The values of each metric of ours, by name and attributes; the newest counts. */
  readonly metrics = new Map<string, unknown>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #wake = () => {};

  constructor() {
    const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
    this.#server = Deno.serve(options, async (request) => {
      const text = await request.text();
      this.text += text;
      this.#take(JSON.parse(text));
      this.#wake();
      return Response.json({});
    });
  }

  /** The environment of a process that sends everything here, soon. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** Resolves when something came after which a condition holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((wake) => this.#wake = wake);
  }

  span(name: string, scope = "drumbeat"): Span | undefined {
    return this.spans.find((span) =>
      span.name === name && span.scope === scope
    );
  }

  #take(body: AnyFrame): void {
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { scope, spans } of scopeSpans) {
        for (const { name, attributes, status } of spans) {
          this.spans.push({
            name,
            scope: scope.name,
            attributes: valuesOf(attributes),
            failed: [2, "STATUS_CODE_ERROR"].includes(status?.code),
          });
        }
      }
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? []) {
      for (const { scope, metrics } of scopeMetrics) {
        if (scope?.name !== "drumbeat") continue;
        for (const { name, gauge, sum, histogram } of metrics) {
          for (const point of (gauge ?? sum ?? histogram).dataPoints) {
            const labels = Object.values(valuesOf(point.attributes));
            const value = point.asDouble ?? point.asInt ?? point.count;
            this.metrics.set([name, ...labels].join(" "), Number(value));
          }
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function valuesOf(attributes: AnyFrame[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

Deno.test("with OTEL_DENO the command line exports the hub's numbers, and the runtime a span for each upgrade", async () => {
  await using collector = new Collector();
  await using server = await SpawnedServer.start(
    [...START, "--port", "0"],
    collector.env,
  );
  await using peer = await WirePeer.plain(server.port);
  peer.send({ type: "chat", text: "s3cret" });
  await peer.next();
  const later = await WirePeer.open(
    `ws://127.0.0.1:${server.port}/ws`,
    "drumbeat.v2",
  );
  await later.closed;
  const { metrics } = collector;
  await collector.until(() =>
    metrics.get("drumbeat.committed") === 1 &&
    metrics.get("drumbeat.closes 4506") === 1 &&
    collector.span("GET", "deno") !== undefined
  );
  assertEquals(metrics.get("drumbeat.peers"), 1);
  assertEquals(metrics.get("drumbeat.deliveries"), 1);
  assert((metrics.get("drumbeat.flush") as number) >= 1);
  assertFalse(collector.text.includes("s3cret"));
});

Deno.test("a slow flush and each request are a span; what is asked and said is in none of them", async () => {
  await using collector = new Collector();
  await using server = await SpawnedServer.start(
    ["run", "--allow-net", "tests/server/telemetry_server.ts"],
    collector.env,
  );
  await using peer = await WirePeer.v1(server.port, { token: "s3cret" });
  const { session } = await peer.next();
  const ask = (id: number, method: string) =>
    peer.send({ type: "request", id, method, data: { word: "s3cret" } });
  ask(1, "echo");
  ask(2, "refuse");
  ask(3, "s3cret");
  const message = { type: "chat", text: "s3cret" };
  peer.send({ type: "publish", id: 4, topic: "lobby", message });
  await peer.until(({ type, id }) => type === "ack" && id === 4);
  const requests = () =>
    collector.spans.filter(({ name }) => name === "drumbeat.request");
  await collector.until(() =>
    requests().length >= 2 && collector.span("drumbeat.flush") !== undefined
  );
  assertEquals(
    requests().map(({ attributes, failed }) => [
      attributes["drumbeat.method"],
      failed,
    ]),
    [["echo", false], ["refuse", true]],
  );
  for (const secret of ["s3cret", session.split(".")[1]]) {
    assertFalse(collector.text.includes(secret), secret);
  }
});

Deno.test("the runtime's own span holds the whole URL: docs/observability.md says so as long as this holds", async () => {
  await using collector = new Collector();
  await using server = await SpawnedServer.start(
    ["run", "--allow-net", "tests/server/telemetry_server.ts"],
    collector.env,
  );
  const url = `ws://127.0.0.1:${server.port}/ws?token=s3cret`;
  await using _ = await WirePeer.open(url);
  await collector.until(() => collector.span("GET", "deno") !== undefined);
  const { attributes } = collector.span("GET", "deno")!;
  assertEquals(attributes["url.query"], "token=s3cret");
});

Deno.test("without OTEL_DENO the observer of telemetry is empty", () => {
  assertEquals(telemetry(), {});
});
