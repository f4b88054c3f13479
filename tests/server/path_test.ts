import { assert, assertEquals, assertThrows } from "@std/assert";
import { connect } from "../../client.ts";
import { createHandler, createHub } from "../../server.ts";
import { test } from "./transports.ts";
import { WirePeer } from "./wire_peer.ts";

test("path: WebSockets, health and the page are below it, and nothing else is answered", async ({ serve }) => {
  await using server = await serve({ port: 0, path: "/realtime" });
  const { port } = server.addr;
  for (
    const path of ["/realtime/ws", "/realtime/", "/realtime", "/realtime/ws/"]
  ) {
    await using peer = await WirePeer.open(`ws://127.0.0.1:${port}${path}`);
    assertEquals((await peer.next()).type, "start");
  }
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text(), response };
  };
  assertEquals((await get("/realtime/healthz")).text, "ok\n");
  const page = await get("/realtime");
  assertEquals([page.status, page.response.url], [
    200,
    `http://127.0.0.1:${port}/realtime/`,
  ]);
  for (const [, link] of page.text.matchAll(/(?:href|src)="(static[^"]+)"/g)) {
    assertEquals([link, (await get(`/realtime/${link}`)).status], [link, 200]);
  }
  assertEquals((await get("/realtime/client.ts")).status, 200);
  for (const path of ["/", "/ws", "/healthz", "/client.ts", "/realtimes/ws"]) {
    assertEquals([path, (await get(path)).status], [path, 404]);
  }
});

Deno.test("two hubs in one server have no message of each other", async () => {
  await using first = createHub();
  await using second = createHub();
  const a = createHandler(first, { path: "/a" });
  const b = createHandler(second, { path: "/b/c" });
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request, info) =>
      new URL(request.url).pathname.startsWith("/a/")
        ? a(request, info)
        : b(request, info),
  );
  const url = (path: string) => `ws://127.0.0.1:${server.addr.port}${path}`;
  await using one = connect(url("/a/ws"));
  await using two = connect(url("/b/c/ws"));
  await Promise.all([one.opened(), two.opened()]);
  await one.topic("news").publish({ type: "x" });
  assertEquals([first.stats().records, second.stats().records], [1, 0]);
});

Deno.test("path: rejects what is not a path", async () => {
  await using hub = createHub();
  for (const path of ["realtime", "/", "/a/", "/a//b", "/a?b", "/a/../b", 5]) {
    assertThrows(
      () => createHandler(hub, { path: path as string }),
      TypeError,
      "Cannot create the handler: the option 'path' must be a path such as '/realtime'",
    );
  }
});

Deno.test("without an address there is no limit per address, and one report names what to pass", async () => {
  const errors: unknown[] = [];
  await using hub = createHub({
    limits: { peersPerAddress: 1, topicsPerAddress: 1 },
    onError: (error) => void errors.push(error),
  });
  const handler = createHandler(hub);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => handler(request),
  );
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using one = connect(url);
  await using two = connect(url);
  await Promise.all([one.opened(), two.opened()]);
  await one.topic("a").publish({ type: "x" });
  await two.topic("b").publish({ type: "x" });
  assertEquals(errors.length, 1);
  assert(String(errors[0]).includes("handler(request, info)"), `${errors[0]}`);
});

Deno.test("reports an upgraded WebSocket that does not open, as that of a copied request", async () => {
  const reported = Promise.withResolvers<unknown>();
  await using hub = createHub({ onError: (error) => reported.resolve(error) });
  const handler = createHandler(hub);
  const original = globalThis.setTimeout;
  // The time in which a WebSocket has to open passes at once.
  globalThis.setTimeout =
    ((run: () => void, ms: number) =>
      original(run, ms === 10_000 ? 0 : ms)) as typeof setTimeout;
  // The library's timer does not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  try {
    const request = new Request("http://hub.example/ws", {
      headers: {
        upgrade: "websocket",
        connection: "upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    const remoteAddr = {
      transport: "tcp",
      hostname: "192.0.2.1",
      port: 1,
    } as const;
    assertEquals((await handler(request, { remoteAddr })).status, 101);
    assert(String(await reported.promise).includes("not a copy"));
  } finally {
    clearInterval(alive);
    globalThis.setTimeout = original;
  }
});
