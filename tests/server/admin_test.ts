import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { prometheus } from "../../adapters/observe/prometheus.ts";
import { createHandler, createHub, serve } from "../../server.ts";
import {
  createAdminOptions,
  UnavailableError,
} from "../../server/cli/optional_modules.ts";
import { unconnectedSocket } from "../hub/unconnected_socket.ts";
import { RawPeer, type RefusedError } from "../raw_peer.ts";
import { root, runDeno, SpawnedServer, START } from "./spawned.ts";
import { WirePeer } from "./wire_peer.ts";

const TOKEN = "0123456789abcdef";
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

/** Returns the samples of a text by their names and labels. */
function samplesOf(text: string): Map<string, number> {
  return new Map(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

async function scrape(port: number): Promise<Map<string, number>> {
  const url = `http://127.0.0.1:${port}/metrics`;
  const answer = await fetch(url, { headers: AUTHORIZATION });
  assertEquals(answer.status, 200);
  assert(answer.headers.get("content-type")!.startsWith("text/plain"));
  return samplesOf(await answer.text());
}

Deno.test("counts peers, deliveries, closes (also 4506) and refusals", async () => {
  await using server = serve({
    port: 0,
    metrics: prometheus(),
    adminToken: TOKEN,
  });
  const { port } = server.addr;
  const [a, b] = [await WirePeer.plain(port), await WirePeer.v1(port)];
  await b.next();
  a.send({ type: "chat", text: "hello" });
  for (const peer of [a, b]) await peer.next();
  const newer = await WirePeer.open(`ws://127.0.0.1:${port}/ws`, "drumbeat.v2");
  assertEquals((await newer.closed).code, 4506);
  let status = 0;
  await RawPeer.connect(port, { headers: { origin: "https://evil.example" } })
    .catch((error: RefusedError) => status = error.status);
  assertEquals(status, 403);
  const samples = await scrape(port);
  const of = (name: string) => samples.get(`drumbeat_${name}`);
  assertEquals([of("peers"), of("connections"), of("topics")], [2, 2, 1]);
  assertEquals([of("committed_total"), of("deliveries_total")], [1, 2]);
  assertEquals(of('closes_total{code="4506"}'), 1);
  assertEquals(of('refusals_total{status="403"}'), 1);
  assertEquals(of("store_up"), 1);
  assert(of("flush_seconds_count")! >= 1);
  assert(of("unacknowledged_bytes")! > 0);
  // A second scrape does not add up.
  assertEquals((await scrape(port)).get("drumbeat_committed_total"), 1);
  for (const peer of [a, b]) await peer[Symbol.asyncDispose]();
});

Deno.test("close codes that a peer invents share one label", async () => {
  await using hub = createHub();
  const metrics = prometheus();
  hub.observe(metrics);
  for (let code = 3000; code < 3100; code++) {
    hub.transport.attach(unconnectedSocket, {
      protocol: "",
      url: "http://a/ws",
      address: "",
    })
      .closed(code, "");
  }
  const samples = samplesOf(await metrics.text());
  const labels = [...samples.keys()].filter((name) => name.includes("code="));
  assertEquals(labels, ['drumbeat_closes_total{code="other"}']);
  assertEquals(samples.get(labels[0]!), 100);
});

Deno.test("answers /metrics for the exact token only", async () => {
  await using hub = createHub();
  const handler = createHandler(hub, {
    metrics: prometheus(),
    adminToken: TOKEN,
  });
  const statusOf = async (authorization?: string, method = "GET") => {
    const headers = authorization === undefined ? {} : { authorization };
    const request = new Request("http://a/metrics", { method, headers });
    const { status, body } = await handler(request);
    await body?.cancel();
    return status;
  };
  assertEquals(await statusOf(`Bearer ${TOKEN}`), 200);
  assertEquals(await statusOf(`Bearer ${TOKEN}`, "HEAD"), 200);
  assertEquals(await statusOf(`Bearer ${TOKEN}`, "POST"), 405);
  for (
    const wrong of [
      undefined,
      "",
      TOKEN,
      "Bearer",
      `bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Basic ${btoa(`admin:${TOKEN}`)}`,
    ]
  ) {
    assertEquals([wrong, await statusOf(wrong)], [wrong, 401]);
  }
});

Deno.test("rejects metrics without a token, and has no /metrics without metrics", async () => {
  await using hub = createHub();
  assertThrows(
    () => createHandler(hub, { metrics: prometheus() }),
    TypeError,
    "Cannot create the handler: the option 'metrics' needs the option 'adminToken'",
  );
  assertThrows(
    () => createHandler(hub, { adminToken: "short" }),
    TypeError,
    "at least 16",
  );
  const handler = createHandler(hub, { adminToken: TOKEN });
  const request = new Request("http://a/metrics", { headers: AUTHORIZATION });
  assertEquals((await handler(request)).status, 404);
});

Deno.test("the command line reads the token from the environment or a file, and names a missing one", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, `${TOKEN}\n`);
    const admin = await createAdminOptions({
      metrics: true,
      adminTokenFile: file,
    });
    assertEquals(admin.adminToken, TOKEN);
  } finally {
    await Deno.remove(file);
  }
  await assertRejects(
    () => createAdminOptions({ metrics: true, adminTokenFile: "/nowhere" }),
    UnavailableError,
    "Cannot read --admin-token-file",
  );
  assertEquals(
    await createAdminOptions({ metrics: false, adminTokenFile: "/no" }),
    {},
  );
  const args = START.toSpliced(-1, 0, "--allow-read=.");
  const withMetrics = [...args, "--port", "0", "--metrics"];
  const refused = await runDeno(withMetrics);
  assertEquals(refused.code, 1);
  assert(refused.stderr.startsWith("--metrics needs the admin token"));
  const env = { DRUMBEAT_ADMIN_TOKEN: TOKEN };
  await using server = await SpawnedServer.start(withMetrics, env);
  assertEquals((await scrape(server.port)).get("drumbeat_peers"), 0);
});

Deno.test("the modules of --log and --metrics are not in the graph of the command line", async () => {
  const { code, stdout } = await runDeno([
    "info",
    "--json",
    "server/cli/main.ts",
  ]);
  assertEquals(code, 0);
  const specifiers = (JSON.parse(stdout) as {
    readonly modules: readonly { readonly specifier: string }[];
  }).modules.map(({ specifier }) => specifier);
  assert(
    specifiers.includes(new URL("server/cli/optional_modules.ts", root).href),
  );
  assertEquals(
    specifiers.filter((specifier) =>
      /observe\/(prometheus|log)|prom-client|@logtape/.test(specifier)
    ),
    [],
  );
});
