import { assert, assertEquals, assertFalse } from "@std/assert";
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import { SpawnedServer, START } from "./spawned.ts";
import { type AnyFrame, WirePeer } from "./wire_peer.ts";

/** A span of OTLP. */
interface Span {
  readonly name: string;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

/** A collector of telemetry: OTLP over HTTP, as JSON. */
class Collector implements AsyncDisposable {
  /** The text of all received requests. */
  text = "";
  readonly spans: Span[] = [];
  /** The newest value of each metric of Drumbeat, by name and attributes. */
  readonly metrics = new Map<string, unknown>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #wake = () => {};

  constructor() {
    const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
    this.#server = Deno.serve(options, async (request) => {
      const text = await request.text();
      this.text += text;
      this.#add(JSON.parse(text));
      this.#wake();
      return Response.json({});
    });
  }

  /** The environment of a process that sends its telemetry here, with short delays. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** Resolves when a condition holds. It is checked after each request. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await new Promise<void>((wake) => this.#wake = wake);
  }

  span(name: string, scope = "drumbeat"): Span | undefined {
    return this.spans.find((span) =>
      span.name === name && span.scope === scope
    );
  }

  #add(body: AnyFrame): void {
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

Deno.test("with OTEL_DENO the command line exports the metrics of the hub, and the runtime a span for each upgrade", async () => {
  await using collector = new Collector();
  await using server = await SpawnedServer.start(
    [...START, "--port", "0"],
    collector.env,
  );
  await using peer = await WirePeer.plain(server.port);
  peer.send({ type: "chat", text: "s3cret" });
  await peer.next();
  const newer = await WirePeer.open(
    `ws://127.0.0.1:${server.port}/ws`,
    "drumbeat.v2",
  );
  await newer.closed;
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

Deno.test("a slow flush and each request have a span, without the contents of requests and messages", async () => {
  await using collector = new Collector();
  await using server = await SpawnedServer.start(
    ["run", "--allow-net", "tests/server/telemetry_server.ts"],
    collector.env,
  );
  await using peer = await WirePeer.v1(server.port, { token: "s3cret" });
  const { session } = await peer.next();
  const request = (id: number, method: string) =>
    peer.send({ type: "request", id, method, data: { word: "s3cret" } });
  request(1, "echo");
  request(2, "refuse");
  request(3, "s3cret");
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

Deno.test("the runtime's own span has the whole URL, as in docs/observability.md", async () => {
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
