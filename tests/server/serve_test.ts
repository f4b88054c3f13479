import { assert, assertEquals, assertRejects } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { RawPeer } from "../raw_peer.ts";
import { test } from "./transports.ts";
import { WirePeer } from "./wire_peer.ts";

test("listens on 127.0.0.1 by default, and returns the address", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  assertEquals(server.addr.hostname, "127.0.0.1");
  assertEquals(server.addr.transport, "tcp");
  assert(server.addr.port > 0);
});

test("throws AddrInUse for a port in use, and leaks nothing", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  await assertRejects(
    () => serve({ port: server.addr.port }),
    Deno.errors.AddrInUse,
  );
});

test("rejects numbers out of bounds before it listens", async ({ serve }) => {
  for (
    const options of [
      { limits: { inflight: -1 } },
      { limits: { messageBytes: NaN } },
      { sessionMs: -1 },
      { trustedProxies: -1 },
      { port: 65_536 },
    ]
  ) {
    await assertRejects(() => serve({ port: 0, ...options }), RangeError);
  }
});

test("drains with goaway and 1012 for drumbeat.v1, and with 1001 for plain peers", async ({ serve }) => {
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

test("drain is idempotent, and disposing a drained server does nothing", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const first = server.drain();
  assert(server.drain() === first);
  await first;
  await server[Symbol.asyncDispose]();
});

test("delivers messages that were published before the drain", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const plain = await WirePeer.plain(server.addr.port);
  server.hub.broadcast({ type: "last" });
  const drained = server.drain();
  assertEquals(await plain.next(), { type: "last" });
  await plain.closed;
  await drained;
});

test("ends a drain at the deadline with a peer that does not answer", async ({ serve }) => {
  const server = await serve({ port: 0 });
  using _ = await RawPeer.connect(server.addr.port, { protocol: PROTOCOL });
  await server.drain({ deadlineMs: 200 });
  await server.finished;
});

test("answers 503 on a kept-alive connection during a drain", async ({ serve }) => {
  const server = await serve({ port: 0 });
  const { port } = server.addr;
  using stalled = await RawPeer.connect(port, { protocol: PROTOCOL });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode(
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  const respond = async () => {
    await conn.write(request);
    const bytes = new Uint8Array(65_536);
    return new TextDecoder().decode(
      bytes.subarray(0, await conn.read(bytes) ?? 0),
    );
  };
  assert((await respond()).startsWith("HTTP/1.1 200"));
  const drained = server.drain({ deadlineMs: 2_000 });
  const refused = await respond();
  assert(refused.startsWith("HTTP/1.1 503"), refused);
  assert(refused.includes("retry-after: 1"));
  stalled.drop();
  await drained;
});

test("an aborted signal drains the server, also if it was aborted before", async ({ serve }) => {
  const controller = new AbortController();
  const server = await serve({ port: 0, signal: controller.signal });
  const plain = await WirePeer.plain(server.addr.port);
  controller.abort();
  assertEquals((await plain.closed).code, 1001);
  await server.finished;
  await server.drain();
  const second = await serve({ port: 0, signal: controller.signal });
  await second.finished;
  await second.drain();
});

test("the hub of a closed server refuses connections and publishes", async ({ serve }) => {
  const server = await serve({ port: 0 });
  await server.drain();
  assertEquals(server.hub.transport.hasCapacity, false);
  await assertRejects(
    () => server.hub.broadcast({ type: "late" }),
    Error,
    "Hub closed",
  );
});
