import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { inMemory } from "../in_memory.ts";
import { countingStore } from "./counting_store.ts";
import { records } from "./records.ts";
import { deep, publish, publishEach, texts } from "./chat.ts";

const KIB = 1024;

Deno.test("delivers after the turn of the event loop", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat", text: "a" });
  assertEquals(peer.read(), []);
  assertEquals(hub.hub.stats().committed, 0);
  hub.flush();
  assertEquals(texts(peer.read()), ["a"]);
});

Deno.test("sends the messages of one turn in one flush, as one frame for each topic", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: { lobby: {}, room: {} } });
  for (const text of ["a", "b", "c"]) {
    hub.hub.broadcast({ type: "chat", text });
    hub.hub.topic("room").publish({ type: "chat", text: `${text} too` });
  }
  const before = hub.hub.stats().flushes;
  hub.flush();
  assertEquals(hub.hub.stats().flushes - before, 1);
  const frames = peer.read();
  assertEquals(frames.map(({ topic, offset }) => [topic, offset]), [
    ["lobby", 0],
    ["room", 0],
  ]);
  assertEquals(texts(frames), ["a", "b", "c", "a too", "b too", "c too"]);
});

Deno.test("postpones a flush while messages arrive, for four turns at most", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat", text: "0" });
  let turns = 0;
  while (peer.far.received.length === 1) {
    hub.hub.broadcast({ type: "chat", text: `${++turns}` });
    hub.clock.pass();
  }
  assertEquals(turns, 5);
  assertEquals(texts(peer.read()), ["0", "1", "2", "3", "4", "5"]);
});

Deno.test("flushes at 256 KiB when the event loop does not turn", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  for (let i = 0; i < 16; i++) {
    hub.hub.broadcast({ type: "chat", text: "x".repeat(20 * KIB) });
  }
  assertEquals(peer.read().length, 13);
  hub.flush();
  assertEquals(peer.read().length, 3);
});

Deno.test("splits records above 64 KiB into several batches", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const long = "x".repeat(10 * KIB);
  publish(hub, ...Array.from({ length: 20 }, () => long));
  const frames = peer.read();
  assertEquals(frames.map(({ offset }) => offset), [0, 6, 12, 18]);
  for (const data of peer.far.received.slice(1)) {
    assertLess(data.length, 64 * KIB + 200);
  }
});

Deno.test("delivers a binary record between text records in order, in both dialects", async () => {
  await using hub = inMemory();
  const v1 = await hub.v1();
  const plain = hub.plain();
  hub.hub.broadcast({ type: "chat", text: "a" });
  hub.hub.broadcast(Uint8Array.of(7));
  hub.hub.broadcast({ type: "chat", text: "b" });
  hub.flush();
  const [first, binary, last] = v1.read();
  assertEquals([first.offset, last.offset], [0, 2]);
  assert(binary instanceof Uint8Array);
  assertEquals(binary.at(-1), 7);
  assertEquals(plain.read(), [
    { type: "chat", text: "a" },
    Uint8Array.of(7),
    { type: "chat", text: "b" },
  ]);
});

Deno.test("all peers receive the records of all publishers in one order", async () => {
  await using hub = inMemory();
  const peers = [await hub.v1(), await hub.v1(), hub.plain(), hub.plain()];
  for (let i = 0; i < 40; i++) {
    const message = { type: "chat", text: `${i}` };
    const peer = peers[i % 4]!;
    peer.send(
      i % 4 < 2 ? { type: "publish", id: i, topic: "lobby", message } : message,
    );
    if (i % 7 === 0) hub.flush();
  }
  hub.flush();
  const expected = Array.from({ length: 40 }, (_, i) => `${i}`);
  for (const peer of peers) assertEquals(texts(peer.read()), expected);
});

Deno.test("a delivery that throws closes its connection and no other", async () => {
  await using hub = inMemory();
  const [a, b, c] = [await hub.v1(), await hub.v1(), hub.plain()];
  b.far.near.send = () => {
    throw new Error("A transport that is broken");
  };
  publish(hub, "a");
  assertEquals(b.closed?.code, 1011);
  assertEquals(hub.errors.map(({ stage }) => stage), ["flush"]);
  for (const peer of [a, c]) assertEquals(texts(peer.read()), ["a"]);
  const { flushes } = hub.hub.stats();
  hub.clock.advance(100);
  assertEquals(hub.hub.stats().flushes, flushes);
});

Deno.test("sends no record of a topic after the ack of its unsubscribe, nor one published before", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  publish(hub, "a");
  hub.hub.broadcast({ type: "chat", text: "b" });
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  hub.hub.broadcast({ type: "chat", text: "c" });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["batch", "ack"]);
});

Deno.test("an idle topic holds no encoded frame, nor one for a late subscriber", async () => {
  let encoded = 0;
  await using hub = inMemory({}, countingStore(() => encoded++));
  publish(hub, "a");
  await hub.v1({ topics: { lobby: { last: 1 } } });
  hub.flush();
  assertEquals(encoded, 1);
  await hub.v1({ topics: { lobby: { last: 1 } } });
  hub.flush();
  assertEquals(encoded, 2);
});

Deno.test("hello and subscribe wait for a log that opens slowly, other peers do not", async () => {
  const { hub, store } = deep({ slowToOpen: true });
  await using _ = hub;
  const peer = hub.connect("drumbeat.v1");
  const plain = hub.plain();
  peer.send({ type: "hello" });
  assertEquals(peer.read(), []);
  peer.send({ type: "ping" });
  assertEquals(peer.read(), [{ type: "pong" }]);
  await store.answer();
  assertEquals((await peer.until("start")).map(({ type }) => type), ["start"]);
  peer.send({ type: "subscribe", id: 1, topic: "room" });
  peer.send({ type: "subscribe", id: 2, topic: "room" });
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[2, "already"]]);
  await store.answer();
  assertEquals(peer.read().map(({ type }) => type), ["subscribed"]);
  plain.send({ type: "ping" });
  assertEquals(plain.readType("pong").length, 1);
});

Deno.test("does not subscribe a peer that unsubscribed or disconnected while the log opened", async () => {
  const { hub, store } = deep({ slowToOpen: true });
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  const closing = await hub.v1({ topics: {} });
  const plain = hub.plain();
  const starting = hub.connect("drumbeat.v1");
  starting.send({ type: "hello", topics: { room: {} } });
  for (const each of [peer, closing]) {
    each.send({ type: "subscribe", id: 1, topic: "room" });
  }
  peer.send({ type: "unsubscribe", id: 2, topic: "room" });
  for (const each of [closing, plain, starting]) each.far.drop();
  await store.answer();
  assertEquals(peer.read(), [{ type: "ack", id: 2 }]);
  assertEquals(hub.hub.topic("room").subscribers.size, 0);
  assertEquals(hub.hub.topic("lobby").subscribers.size, 0);
  assertEquals(hub.opened.length, 3);
});

Deno.test("reports a store that throws, and continues with the next flush", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  const error = new Error("The disk is full");
  store.appendFailure = error;
  publish(hub, "lost");
  assertEquals(hub.errors, [{ error, stage: "store" }]);
  publish(hub, "a");
  assertEquals(texts(peer.read()), ["a"]);
});

Deno.test("closes the subscribers of a lost log with 1012", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  const elsewhere = await hub.v1({ topics: { room: {} } });
  publish(hub, "a");
  store.sink.opened("lobby", { epoch: "new", tail: 0, head: 0 });
  assertEquals(peer.closed, { code: 1012, reason: "Log lost" });
  assertEquals(elsewhere.closed, undefined);
  assertEquals(hub.hub.topic("lobby").bounds, {
    epoch: "new",
    tail: 0,
    head: 0,
  });
});

Deno.test("continues when the store reports the newest records of a log, with a gap for cursors below", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  publish(hub, "a");
  peer.read();
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const recent = { tail: 3, runs: [{ offset: 3, records: records("d", "e") }] };
  store.trim("lobby", 1);
  store.sink.opened("lobby", { epoch, tail: 3, head: 5, recent });
  hub.flush();
  const [gap, batch, ...rest] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 3 });
  assertEquals(batch.offset, 3);
  assertEquals(texts([batch]), ["d", "e"]);
  assertEquals([rest, peer.closed], [[], undefined]);
});

Deno.test("ignores the store's events of forgotten topics and unknown sessions", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const { sink } = store;
  sink.opened("nowhere", { epoch: "e", tail: 0, head: 0 });
  sink.committed("nowhere", 0, []);
  sink.trimmed("nowhere", 0);
  sink.claimed("unknown");
  assertEquals(hub.hub.stats().topics, 0);
  sink.failed("a failure");
  assertEquals(hub.errors, [{ error: "a failure", stage: "store" }]);
});

Deno.test("counts deliveries, gaps and flushes", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxRecords: 1 } },
  });
  const peer = await hub.v1();
  hub.plain();
  publishEach(hub, "a", "b", "c");
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  const stats = hub.hub.stats();
  assertEquals(
    [
      stats.peers,
      stats.connections,
      stats.topics,
      stats.records,
      stats.committed,
      stats.delivered,
      stats.gaps,
    ],
    [2, 2, 1, 1, 3, 5, 1],
  );
  assertGreater(stats.recordBytes, 0);
  assertGreater(stats.flushes, 2);
});
