import { assert, assertEquals, assertMatch } from "@std/assert";
import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import {
  root,
  runDeno,
  SpawnedServer,
  START,
  startOver,
  UNLIMITED,
} from "../spawned.ts";
import { test } from "../transports.ts";
import { WirePeer } from "../wire_peer.ts";

Deno.test("the tests run the server with no more permissions than deno task start", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const flags = (words: readonly string[]) =>
    words.filter((word) => word.startsWith("--allow")).toSorted();
  const started = flags(tasks.start.command.split(" "));
  assertEquals(flags(START).filter((flag) => !started.includes(flag)), []);
});

Deno.test("--help prints the options and exits with 0", async () => {
  const { code, stdout, stderr } = await runDeno([...START, "--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /--port[\s\S]*--hostname[\s\S]*--limits[\s\S]*--help/);
});

for (const args of [["--prot", "1"], ["8000"], ["--port", "x"]]) {
  Deno.test(`${args.join(" ")} prints one line and exits with 2`, async () => {
    const { code, stdout, stderr } = await runDeno([...START, ...args]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^[^\n]+--help[^\n]+\n$/);
    assert(stderr.includes(args.at(0)!) || stderr.includes(args.at(1)!));
  });
}

test("a port in use prints one line with the port and exits with 1", async ({ transport }) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { code, stdout, stderr } = await runDeno([
    ...startOver(transport),
    "--port",
    `${port}`,
  ]);
  assertEquals([code, stdout], [1, ""]);
  assertEquals(
    stderr,
    `Port ${port} is in use. Choose another one with --port.\n`,
  );
});

test("an address of another machine prints one line and exits with 1", async ({ transport }) => {
  const { code, stderr } = await runDeno([
    ...startOver(transport),
    "--hostname",
    "192.0.2.1",
  ]);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot listen on 192\.0\.2\.1:0: [^\n]+\n$/);
});

Deno.test("prints the URL of the page", async () => {
  await using server = await SpawnedServer.start();
  assertMatch(server.stdout, /^Drumbeat listens on http:\/\/localhost:\d+\n$/);
  const page = await fetch(`http://localhost:${server.port}/`);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertMatch(await page.text(), /^<!doctype html>/i);
});

Deno.test("PORT and HOST set the address", async () => {
  await using server = await SpawnedServer.start(START, {
    PORT: "0",
    HOST: "127.0.0.2",
  });
  assertMatch(server.stdout, /http:\/\/127\.0\.0\.2:\d+\n/);
  const health = await fetch(`http://127.0.0.2:${server.port}/healthz`);
  assertEquals(await health.text(), "ok\n");
});

Deno.test("prints the URLs for other devices on 0.0.0.0", async () => {
  await using server = await SpawnedServer.start([
    ...START,
    "--port",
    "0",
    "--hostname",
    "0.0.0.0",
  ]);
  const address = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address;
  if (address === undefined) return;
  const printed = server.stdout.includes("\n") ? server.stdout : "";
  assert(printed.includes(`http://${address}:${server.port}`), printed);
  const health = await fetch(`http://${address}:${server.port}/healthz`);
  assertEquals(await health.text(), "ok\n");
});

Deno.test("errors name the variable that set the address", async () => {
  const arrange = async (env: Record<string, string>) =>
    await runDeno(START, env);
  const host = await arrange({ HOST: "x86_64-conda-linux-gnu", PORT: "0" });
  assertEquals(host.code, 1);
  assertMatch(
    host.stderr,
    /^Cannot listen on x86_64-conda-linux-gnu:0 \(set by the variable HOST\): [^\n]+\n$/,
  );
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  assertEquals(
    (await arrange({ PORT: `${port}` })).stderr,
    `Port ${port} (set by the variable PORT) is in use. Choose another one with --port.\n`,
  );
});

test("the stock contract requires a text of chat, and accepts other types", async ({ transport }) => {
  await using server = await SpawnedServer.start(startOver(transport));
  await using peer = await WirePeer.plain(server.port);
  peer.send({ type: "chat", text: 5 });
  assertEquals((await peer.next()).code, "invalid");
  peer.send({ type: "anything", at: "all" });
  assertEquals(await peer.next(), { type: "anything", at: "all" });
});

test("--limits none accepts a message that the default refuses", async ({ transport }) => {
  await using server = await SpawnedServer.start([
    ...startOver(transport),
    "--limits",
    "none",
  ]);
  await using peer = await WirePeer.plain(server.port);
  const message = { type: "large", text: "x".repeat(200_000) };
  peer.send(message);
  assertEquals(await peer.next(), message);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} drains each peer and exits with 0, long before the deadline when all answer`, async ({ transport }) => {
    await using server = await SpawnedServer.start([
      ...startOver(transport),
      "--drain-deadline",
      "999999s",
    ]);
    const v1 = await WirePeer.v1(server.port);
    await v1.next();
    const plain = await WirePeer.plain(server.port);
    server.signal(signal);
    const goaway = await v1.next();
    assertEquals(goaway.type, "goaway");
    assert(goaway.afterMs >= 0 && goaway.afterMs <= 1_000);
    assertEquals([(await v1.closed).code, (await plain.closed).code], [
      1012,
      1001,
    ]);
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  });
}

test("exits with 0 at the deadline, with stalled peers whose buffers are full and a peer without a hello", async ({ transport }) => {
  await using server = await SpawnedServer.start([
    ...UNLIMITED,
    "--transport",
    transport,
  ]);
  const { port } = server;
  using plain = await RawPeer.connect(port);
  using v1 = await RawPeer.connect(port, { protocol: PROTOCOL });
  using silent = await RawPeer.connect(port, { protocol: PROTOCOL });
  await v1.sendJson({ type: "hello" });
  await using publisher = await WirePeer.v1(port, { topics: {} });
  await publisher.next();
  const text = "x".repeat(32 * 1024);
  for (let id = 1; id <= 600; id += 20) {
    for (let i = id; i < id + 20; i++) {
      publisher.send({
        type: "publish",
        id: i,
        topic: "lobby",
        message: { type: "load", text },
      });
    }
    await publisher.until(({ type, id: acked }) =>
      type === "ack" && acked === id + 19
    );
  }
  server.signal("SIGTERM");
  // The stalled peers never answer: without the deadline, the server would not end.
  const { code, stderr } = await server.ended;
  assertEquals([code, stderr], [0, ""]);
  for (const peer of [plain, v1, silent]) peer.drop();
});

Deno.test("a second signal, a while after the first, ends the server at once", async () => {
  await using server = await SpawnedServer.start([
    ...START,
    "--port",
    "0",
    "--drain-over",
    "0",
    "--drain-deadline",
    "60s",
  ]);
  using stalled = await RawPeer.connect(server.port, { protocol: PROTOCOL });
  await stalled.sendJson({ type: "hello" });
  await stalled.json();
  server.signal("SIGTERM");
  // The first signal was received; the server now waits up to a minute for the answer to the close frame.
  assertEquals(await stalled.closeCode(), 1012);
  // Up to 300 ms after the first, a signal is part of it.
  while (!await hasEnded(server)) {
    try {
      server.signal("SIGTERM");
    } catch {
      // The process has ended.
    }
  }
  assertEquals((await server.ended).code, 130);
  stalled.drop();
});

/** The arguments of a server of the default export. */
const DENO_SERVE = [
  "serve",
  "--allow-net",
  "--host",
  "127.0.0.1",
  "--port",
  "0",
  "server.ts",
];

Deno.test("deno serve server.ts serves a hub that is created at the first request", async () => {
  await using server = await SpawnedServer.start(DENO_SERVE);
  await using a = await WirePeer.plain(server.port);
  await using b = await WirePeer.plain(server.port);
  a.send({ type: "chat", text: "hello" });
  assertEquals(await b.next(), { type: "chat", text: "hello" });
  const page = await fetch(`http://127.0.0.1:${server.port}/`);
  assertEquals(page.status, 200);
  await page.body?.cancel();
});

Deno.test("deno serve server.ts ends on SIGTERM, after one WebSocket was closed and with one that is open", async () => {
  await using server = await SpawnedServer.start(DENO_SERVE);
  {
    await using first = await WirePeer.v1(server.port);
    await first.next();
    await using plain = await WirePeer.plain(server.port);
    first.send({ type: "presence", topic: "lobby", data: {} });
    plain.send({ type: "chat", text: "hello" });
    await plain.next();
  }
  const open = await WirePeer.v1(server.port);
  await open.next();
  server.signal("SIGTERM");
  assertEquals((await open.closed).code, 1001);
  assertEquals((await server.ended).code, 0);
});

Deno.test("importing server.ts and mod.ts does nothing: the process ends without output", async () => {
  for (const module of ["server.ts", "mod.ts"]) {
    const url = new URL(module, root).href;
    const { code, stdout, stderr } = await runDeno([
      "eval",
      "--no-lock",
      `await import(${JSON.stringify(url)})`,
    ]);
    assertEquals([module, code, stdout, stderr], [module, 0, "", ""]);
  }
});

/** Returns `true` when a process has ended within 20 ms. */
async function hasEnded(server: SpawnedServer): Promise<boolean> {
  let ended = false;
  void server.ended.then(() => ended = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return ended;
}
