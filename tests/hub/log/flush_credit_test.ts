import { assertEquals, assertLess } from "@std/assert";
import { inMemory } from "../in_memory.ts";
import { publish, publishEach, texts } from "./chat.ts";

const KIB = 1024;

Deno.test("skips a peer without credit, and continues at its cursor after an ack", async () => {
  await using hub = inMemory({ limits: { windowBytes: 200 } });
  const slow = await hub.v1();
  const swift = hub.plain();
  publishEach(hub, "a", "b", "c", "d", "e");
  assertEquals(texts(slow.read()), ["a", "b"]);
  assertEquals(texts(swift.read()), ["a", "b", "c", "d", "e"]);
  slow.send({ type: "ack", frames: 2 });
  assertEquals(slow.read(), []);
  hub.flush();
  const [batch] = slow.read();
  assertEquals([batch.offset, texts([batch])], [2, ["c", "d", "e"]]);
});

Deno.test("a ping and a pong acknowledge frames like an ack", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1();
  publishEach(hub, "a", "b", "c");
  assertEquals(texts(peer.read()), ["a"]);
  peer.send({ type: "ping", frames: 1 });
  hub.flush();
  const [pong, b] = peer.read();
  assertEquals([pong, texts([b])], [{ type: "pong" }, ["b", "c"]]);
  publishEach(hub, "d");
  peer.send({ type: "pong", frames: 2 });
  hub.flush();
  assertEquals(texts(peer.read()), ["d"]);
});

Deno.test("counts credit for all topics together, and continues with all of them", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1({ topics: { a: {}, b: {}, c: {} } });
  for (const topic of ["a", "b", "c"]) {
    hub.hub.topic(topic).publish({ type: "chat", text: topic });
  }
  hub.flush();
  const seen: string[] = texts(peer.read());
  assertEquals(seen.length, 1);
  for (let frames = 1; frames < 3; frames++) {
    peer.send({ type: "ack", frames });
    hub.flush();
    seen.push(...texts(peer.read()));
  }
  assertEquals(seen.toSorted(), ["a", "b", "c"]);
});

Deno.test("sends a gap and then the remaining records to a peer that fell off the log", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxRecords: 3 } },
  });
  const peer = await hub.v1();
  publishEach(hub, ..."abcdefgh");
  assertEquals(texts(peer.read()), ["a"]);
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  const [gap, batch, ...more] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 5 });
  assertEquals([batch.offset, texts([batch])], [5, ["f", "g", "h"]]);
  assertEquals(more, []);
  assertEquals(hub.hub.stats().gaps, 1);
});

Deno.test("sends a gap and then new records to a peer whose whole log was dropped", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxAgeMs: 5_000 } },
  });
  const peer = await hub.v1();
  publishEach(hub, "a", "b");
  peer.read();
  hub.clock.advance(7_000);
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  assertEquals(peer.read(), [{ type: "gap", topic: "lobby", from: 1, to: 2 }]);
  publish(hub, "c");
  const [batch] = peer.read();
  assertEquals([batch.offset, texts([batch])], [2, ["c"]]);
});

Deno.test("a slow peer keeps no record that the log drops", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxBytes: 10 * KIB } },
  });
  const peer = await hub.v1();
  for (let i = 0; i < 100; i++) publish(hub, "x".repeat(KIB));
  assertLess(hub.hub.stats().recordBytes, 10 * KIB + 1);
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("skips a plain peer whose transport buffers a window, and polls it every 20 ms", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  peer.far.near.bufferedAmount = 256 * KIB;
  publishEach(hub, "a", "b");
  hub.clock.advance(1_000);
  assertEquals(peer.read(), []);
  peer.far.near.bufferedAmount = 256 * KIB - 1;
  hub.clock.advance(19);
  assertEquals(peer.read(), []);
  hub.clock.advance(1);
  assertEquals(texts(peer.read()), ["a", "b"]);
});

Deno.test("stops polling when every plain peer has caught up", async () => {
  await using hub = inMemory();
  const peers = [hub.plain(), hub.plain()];
  const idle = hub.clock.timers;
  for (const { far } of peers) far.near.bufferedAmount = 1e9;
  publish(hub, "a");
  assertEquals(hub.clock.timers, idle + 1);
  for (const { far } of peers) far.near.bufferedAmount = 0;
  hub.clock.advance(20);
  for (const peer of peers) assertEquals(texts(peer.read()), ["a"]);
  hub.clock.advance(20);
  assertEquals(hub.clock.timers, idle);
});

Deno.test("sends a gap to a plain peer that fell off the log", async () => {
  await using hub = inMemory({ topics: { lobby: { maxRecords: 2 } } });
  const peer = hub.plain();
  publish(hub, "a");
  peer.far.near.bufferedAmount = 1e9;
  publishEach(hub, ..."bcdef");
  peer.far.near.bufferedAmount = 0;
  hub.clock.advance(20);
  assertEquals(peer.read(), [
    { type: "chat", text: "a" },
    { type: "gap", topic: "lobby", from: 1, to: 4 },
    { type: "chat", text: "e" },
    { type: "chat", text: "f" },
  ]);
});

Deno.test("stops polling a plain peer that has disconnected", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  peer.far.near.bufferedAmount = 1e9;
  publish(hub, "a");
  peer.far.drop();
  hub.clock.advance(40);
  assertEquals(hub.hub.stats().peers, 0);
  assertEquals(hub.clock.timers, 1);
});

Deno.test("sends no record of an unsubscribed topic when credit returns", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1();
  publishEach(hub, "a", "b");
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["batch", "ack"]);
});
