import { assert, assertEquals, assertFalse } from "@std/assert";
import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Entry } from "../../hub/log/store.ts";
import { PROTOCOL } from "../../messages.ts";
import { inMemory } from "./in_memory.ts";

const publish = (id: number) => ({
  type: "publish",
  id,
  topic: "lobby",
  message: { type: "chat", n: id },
});

/** A store that commits when a test requires it. */
class HeldStore extends MemoryStore {
  #held: Entry[] = [];

  override append(entries: readonly Entry[]): void {
    this.#held.push(...entries);
  }

  commit(): void {
    super.append(this.#held.splice(0));
  }
}

Deno.test("closes each peer at its announced time: drumbeat.v1 with 1012, also without a hello, and plain with 1001", async () => {
  await using hub = inMemory();
  const first = await hub.v1();
  const plain = hub.plain();
  const last = await hub.v1();
  const starting = hub.connect(PROTOCOL);
  const codes = () =>
    [first, plain, last, starting].map((peer) => peer.closed?.code);
  let over = false;
  const drained = hub.hub.drain({ overMs: 1_000 }).then(() => over = true);
  assertEquals(first.readType("goaway"), [{ type: "goaway", afterMs: 0 }]);
  assertEquals(last.readType("goaway"), [{ type: "goaway", afterMs: 500 }]);
  assertEquals(codes(), [1012, undefined, undefined, undefined]);
  hub.clock.advance(240);
  assertEquals(codes(), [1012, undefined, undefined, undefined]);
  hub.clock.advance(20);
  assertEquals(codes(), [1012, 1001, undefined, undefined]);
  hub.clock.advance(240);
  assertEquals(codes(), [1012, 1001, 1012, undefined]);
  assertFalse(over);
  hub.clock.advance(260);
  assertEquals(codes(), [1012, 1001, 1012, 1012]);
  await drained;
  assertEquals(hub.closed.map(({ code }) => code), [1012, 1001, 1012]);
});

Deno.test("serves a peer until its time, and acknowledges its last publish before it closes the peer", async () => {
  await using hub = inMemory();
  await hub.v1();
  const peer = await hub.v1();
  void hub.hub.drain({ overMs: 100 });
  peer.read();
  peer.send(publish(1));
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["ack", "batch"]);
  hub.clock.advance(40);
  // Only the drain flushes it.
  peer.send(publish(2));
  hub.clock.stop(40);
  assertEquals(peer.read().map(({ type, id }) => [type, id]), [
    ["ack", 2],
    ["batch", undefined],
  ]);
  assertEquals(peer.closed?.code, 1012);
});

Deno.test("keeps a peer whose publish has no outcome yet, and ignores its further frames", async () => {
  const store: { held?: HeldStore } = {};
  await using hub = inMemory({}, (clock) => store.held = new HeldStore(clock));
  const peer = await hub.v1();
  peer.send(publish(1));
  hub.flush();
  const drained = hub.hub.drain({ overMs: 0 });
  hub.clock.advance(200);
  assertEquals(peer.closed, undefined);
  peer.send(publish(2));
  hub.flush();
  store.held!.commit();
  hub.flush();
  hub.clock.advance(20);
  const acks = peer.readType("ack");
  assertEquals(acks, [{ type: "ack", id: 1, offset: 0 }]);
  assertEquals(peer.closed?.code, 1012);
  assertEquals(hub.hub.stats().committed, 1);
  await drained;
});

Deno.test("a handler without a reply keeps its peer until the hub closes, and no other peer", async () => {
  await using hub = inMemory();
  hub.hub.handle("wait", () => new Promise(() => {}));
  const peer = await hub.v1();
  const other = await hub.v1();
  peer.send({ type: "request", id: 1, method: "wait" });
  const drained = hub.hub.drain({ overMs: 0 });
  hub.clock.advance(10_000);
  assertEquals([peer.closed?.code, other.closed?.code], [undefined, 1012]);
  void hub.hub.close({ code: 1012 });
  assertEquals(peer.closed?.code, 1012);
  await drained;
});

Deno.test("a peer that waits for its reply and floods the hub during the drain is closed with 4029", async () => {
  await using hub = inMemory({ limits: { inflight: 8 } });
  hub.hub.handle("wait", () => new Promise(() => {}));
  const peer = await hub.v1();
  peer.send({ type: "request", id: 1, method: "wait" });
  const drained = hub.hub.drain({ overMs: 0 });
  // The hello and the request count as well.
  for (let n = 2; n < 16; n++) peer.send({ type: "ping" });
  assertEquals(peer.closed, undefined);
  peer.send({ type: "ping" });
  assertEquals(peer.closed?.code, 4029);
  assertEquals(peer.readType("pong"), []);
  hub.clock.advance(20);
  await drained;
});

Deno.test("rejects new connections while draining, drains once, and is done at once without peers", async () => {
  await using hub = inMemory();
  assertFalse(hub.hub.isDraining);
  const peer = await hub.v1();
  const first = hub.hub.drain({ overMs: 1_000 });
  assert(hub.hub.isDraining);
  assertFalse(hub.hub.transport.hasCapacity);
  assertEquals(hub.connect(PROTOCOL).closed?.code, 1001);
  assert(hub.hub.drain({ overMs: 0 }) === first);
  assertEquals(peer.readType("goaway").length, 1);
  await first;
  await using empty = inMemory();
  await empty.hub.drain({ overMs: 5_000 });
  const closing = hub.hub.close();
  hub.clock.advance(1_000);
  await closing;
  await hub.hub.drain({ overMs: 5_000 });
});

Deno.test("a large reply whose parts are being sent arrives before the connection is closed", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  hub.hub.handle("long", () => "x".repeat(500_000));
  peer.send({ type: "request", id: 1, method: "long" });
  for (let i = 0; i < 20; i++) await Promise.resolve();
  const drained = hub.hub.drain({ overMs: 0 });
  let text = "";
  for (let round = 0; round < 50 && peer.closed === undefined; round++) {
    for (const { part } of peer.readType("reply")) text += part;
    peer.send({ type: "pong" });
    // A frame that is not a confirmation is ignored.
    peer.send({ type: "request", id: 2, method: "long" });
    for (let i = 0; i < 20; i++) await Promise.resolve();
    hub.clock.advance(20);
  }
  for (const { part } of peer.readType("reply")) text += part;
  assertEquals(JSON.parse(text).length, 500_000);
  assertEquals(peer.closed?.code, 1012);
  await drained;
});
