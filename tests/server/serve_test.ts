import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { RawPeer } from "../raw_peer.ts";
import { test } from "./transports.ts";
import { WirePeer } from "./wire_peer.ts";

test("serve listens on this machine only, and tells where", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  assertEquals(server.addr.hostname, "127.0.0.1");
  assertEquals(server.addr.transport, "tcp");
  assert(server.addr.port > 0);
});

test("a port that is taken is AddrInUse, and leaves nothing behind", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  await assertRejects(
    () => serve({ port: server.addr.port }),
    Deno.errors.AddrInUse,
  );
});

test("options that are none are refused before anything is started", async ({ serve }) => {
  for (
    const options of [
      { limits: { inflight: -1 } },
      { limits: { messageBytes: NaN } },
      { sessionMs: -1 },
      { handshakeMs: -1, trustedProxies: -1 },
    ]
  ) {
    await assertRejects(() => serve({ port: 0, ...options }), RangeError);
  }
});

test("draining says goodbye: goaway and 1012 for drumbeat.v1, 1001 for plain peers", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const { port } = server.addr;
  const v1 = await WirePeer.v1(port);
  await v1.next();
  const plain = await WirePeer.plain(port);
  const drained = server.drain({ overMs: 0 });
  assertEquals(await v1.next(), { type: "goaway", afterMs: 0 });
  assertEquals((await v1.closed).code, 1012);
  assertEquals((await plain.closed).code, 1001);
  await drained;
  await server.finished;
  await assertRejects(() => fetch(`http://127.0.0.1:${port}/healthz`));
});

test("draining is idempotent, and disposing of a drained server does nothing", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const first = server.drain();
  assert(server.drain() === first);
  await first;
  await server[Symbol.asyncDispose]();
});

test("what was published before draining is delivered before goodbye", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const plain = await WirePeer.plain(server.addr.port);
  server.hub.broadcast({ type: "last" });
  const drained = server.drain();
  assertEquals(await plain.next(), { type: "last" });
  await plain.closed;
  await drained;
});

test("draining leaves a peer that does not answer behind at the deadline", async ({ serve }) => {
  const server = await serve({ port: 0 });
  using _ = await RawPeer.connect(server.addr.port, { protocol: PROTOCOL });
  const from = performance.now();
  await server.drain({ deadlineMs: 200 });
  assertLess(performance.now() - from, 1_500);
  await server.finished;
});

test("newcomers on a connection that is kept alive get 503 while the server drains", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const { port } = server.addr;
  using stalled = await RawPeer.connect(port, { protocol: PROTOCOL });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode(
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  const answer = async () => {
    await conn.write(request);
    const bytes = new Uint8Array(65_536);
    return new TextDecoder().decode(
      bytes.subarray(0, await conn.read(bytes) ?? 0),
    );
  };
  assert((await answer()).startsWith("HTTP/1.1 200"));
  const drained = server.drain({ deadlineMs: 2_000 });
  const refused = await answer();
  assert(refused.startsWith("HTTP/1.1 503"), refused);
  assert(refused.includes("retry-after: 1"));
  stalled.drop();
  await drained;
});

test("an abort signal drains, also one that was aborted before", async ({ serve }) => {
  const controller = new AbortController();
  const server = await serve({ port: 0, signal: controller.signal });
  const plain = await WirePeer.plain(server.addr.port);
  controller.abort();
  assertEquals((await plain.closed).code, 1001);
  await server.finished;
  await server.drain();
  const late = await serve({ port: 0, signal: controller.signal });
  await late.finished;
  await late.drain();
});

test("a hub of a server that has ended takes nobody in and refuses to publish", async ({ serve }) => {
  const server = await serve({ port: 0 });
  await server.drain();
  assertEquals(server.hub.hasCapacity, false);
  await assertRejects(
    () => server.hub.broadcast({ type: "late" }),
    Error,
    "Hub closed",
  );
});
