import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { deadline } from "@std/async/deadline";
import { PROTOCOL } from "../../messages.ts";
import { createHandler, createHub, serve } from "../../server.ts";
import { drainServer, drainTimes } from "../../server/drain.ts";
import { RawPeer } from "../raw_peer.ts";
import { WirePeer } from "./wire_peer.ts";

Deno.test("the default times disconnect the peers one second or more before the deadline", () => {
  const of = (options = {}) => {
    const { overMs, deadlineMs } = drainTimes(options);
    return [overMs, deadlineMs];
  };
  assertEquals(of(), [1_000, 3_000]);
  assertEquals(of({ overMs: 30_000 }), [30_000, 32_000]);
  assertEquals(of({ overMs: 0 }), [0, 2_000]);
  assertEquals(of({ deadlineMs: 1_400 }), [400, 1_400]);
  assertEquals(of({ overMs: 5_000, deadlineMs: 200 }), [0, 200]);
  for (const name of ["overMs", "deadlineMs"]) {
    for (const ms of [-1, NaN, Infinity]) {
      assertThrows(() => of({ [name]: ms }), RangeError, `'${name}'`);
    }
    assertThrows(() => of({ [name]: "1s" }), TypeError, `'${name}'`);
  }
  assertThrows(
    () => of({ over: 1 }),
    TypeError,
    "Cannot drain: unknown option 'over'",
  );
});

Deno.test("a drain with invalid options throws, and the server continues", async () => {
  await using server = serve({ port: 0 });
  assertThrows(() => void server.drain({ overMs: -1 }), RangeError);
  const { status, body } = await fetch(
    `http://127.0.0.1:${server.addr.port}/readyz`,
  );
  await body?.cancel();
  assertEquals(status, 200);
});

Deno.test("while a hub drains, /healthz is 200, and /readyz, new connections and the page are 503", async () => {
  await using hub = createHub();
  const handler = createHandler(hub);
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await handler(new Request(`http://a${path}`, init));
    return [answer.status, await answer.text()];
  };
  assertEquals(await ask("/readyz"), [200, "ok\n"]);
  assertEquals((await ask("/readyz", { method: "POST" }))[0], 405);
  const drained = hub.drain({ overMs: 0 });
  assertEquals(await ask("/healthz"), [200, "ok\n"]);
  assertEquals(await ask("/readyz"), [503, "draining\n"]);
  assertEquals((await ask("/readyz", { method: "HEAD" }))[0], 503);
  for (const path of ["/", "/ws", "/client.ts"]) {
    const headers = { upgrade: "websocket", connection: "upgrade" };
    assertEquals(await ask(path, { headers }), [503, "Draining\n"]);
  }
  await drained;
});

Deno.test("/readyz is 503 while the hub is full", async () => {
  await using server = serve({ port: 0, limits: { peers: 1 } });
  const { port } = server.addr;
  const ready = async () => {
    const { status, body } = await fetch(`http://127.0.0.1:${port}/readyz`);
    await body?.cancel();
    return status;
  };
  const peer = await WirePeer.plain(port);
  assertEquals(await ready(), 503);
  await peer[Symbol.asyncDispose]();
  // The server answers the close frame before it detaches the connection.
  while (server.hub.stats().connections > 0) await ready();
  assertEquals(await ready(), 200);
});

Deno.test("finished does not wait for a peer that never answers", async () => {
  const server = serve({ port: 0 });
  using peer = await RawPeer.connect(server.addr.port, { protocol: PROTOCOL });
  await peer.sendJson({ type: "hello" });
  await peer.json();
  void server.drain({ overMs: 0, deadlineMs: 400 });
  await server.finished;
  peer.drop();
});

Deno.test("finished does not wait for a peer with a blocked write, unlike the runtime's own shutdown", async () => {
  const server = serve({ port: 0 });
  using peer = await RawPeer.connect(server.addr.port);
  await peer.json();
  // Until the buffers of the kernel are full: then the hub holds records back.
  for (let sent = 0; server.hub.stats().unackedBytes === 0; sent++) {
    assert(sent < 200, "The kernel buffers 50 MiB");
    await server.hub.broadcast(new Uint8Array(256 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Shorter than the time after which the transport tries to close the connection.
  void server.drain({ overMs: 0, deadlineMs: 10 });
  await deadline(server.finished, 60_000);
  peer.drop();
});

Deno.test("a drain ends at the deadline, even if the peers, the store and the listener never end", async () => {
  const never = new Promise<void>(() => {});
  const calls: unknown[] = [];
  const hub = {
    drain: ({ overMs }: { overMs: number }) => {
      calls.push(overMs);
      return never;
    },
    close: ({ code }: { code: number }) => {
      calls.push(code);
      return never;
    },
  };
  const from = performance.now();
  const listener = {
    shutdown() {
      calls.push("shutdown");
      return never;
    },
  };
  await drainServer(hub, listener, drainTimes({ deadlineMs: 200 }));
  const took = performance.now() - from;
  assertEquals(calls, [0, 1012, "shutdown"]);
  assertGreaterOrEqual(took, 200);
  assert(drainTimes().overMs > 0);
});

Deno.test("a signal ends the wait for a drain, and the drain continues", async () => {
  const server = serve({ port: 0 });
  using peer = await RawPeer.connect(server.addr.port, { protocol: PROTOCOL });
  await peer.sendJson({ type: "hello" });
  await peer.json();
  const controller = new AbortController();
  const { signal } = controller;
  const drained = server.drain({ overMs: 0, deadlineMs: 400, signal });
  controller.abort(new Error("no longer needed"));
  await assertRejects(() => drained, Error, "no longer needed");
  // An ignored rejection must not end the process.
  void server.drain({ signal });
  await server.finished;
  peer.drop();
});
