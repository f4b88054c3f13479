import { assertEquals } from "@std/assert";
import { deep, publish, publishEach, texts } from "./chat.ts";

Deno.test("sends records from the store and then those of the ring, without a gap", async () => {
  const { hub } = deep();
  await using _ = hub;
  publishEach(hub, ..."abcdefgh");
  assertEquals(hub.hub.stats().records, 2);
  const { peer, start } = await hub.start({ topics: { lobby: { last: 7 } } });
  assertEquals(start.topics.lobby.offset, 1);
  hub.flush();
  assertEquals(texts(peer.read()), [..."bcdefgh"]);
  assertEquals(hub.hub.stats().gaps, 0);
});

Deno.test("sends a gap below the store's tail, then the store's records", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  publishEach(hub, ..."abcdefgh");
  store.trim("lobby", 3);
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const { peer, start } = await hub.start({
    topics: { lobby: { epoch, offset: 1 } },
  });
  assertEquals(start.topics.lobby.recovered, false);
  hub.flush();
  const [gap, ...batches] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 3 });
  assertEquals(texts(batches), [..."defgh"]);
});

Deno.test("new records wait while the store reads", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  publish(hub, "g");
  peer.send({ type: "ack", frames: 0 });
  hub.flush();
  assertEquals(peer.read(), []);
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(texts(peer.read()), [..."bcdefg"]);
});

for (const slow of [true, false]) {
  Deno.test(`sends a gap and reports the error when the store fails to read, ${slow ? "later" : "at once"}`, async () => {
    const { hub, store } = deep({ slow });
    await using _ = hub;
    publishEach(hub, ..."abcdef");
    store.failure = new Error("The disk failed");
    const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
    hub.flush();
    await store.answer();
    hub.flush();
    const [gap, ...batches] = peer.read();
    assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 4 });
    assertEquals(texts(batches), ["e", "f"]);
    assertEquals(hub.errors, [{ error: store.failure, stage: "store" }]);
  });
}

Deno.test("a cursor below the ring waits for a failing store, without a gap", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  store.failure = new Error("Away");
  store.healthy = false;
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  for (let reads = 0; reads < 3; reads++) {
    assertEquals(store.waiting, 1);
    await store.answer();
    hub.clock.advance(1_000);
  }
  assertEquals(hub.errors, []);
  store.failure = undefined;
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(texts(peer.read()), [..."bcdef"]);
});

Deno.test("sends no record of an unsubscribed topic after the store recovers", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  store.failure = new Error("Away");
  store.healthy = false;
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  await store.answer();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  store.failure = undefined;
  hub.clock.advance(1_000);
  assertEquals(store.waiting, 0);
  assertEquals(peer.read(), [{ type: "ack", id: 1 }]);
});

Deno.test("sends no record to a peer that disconnected while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.far.drop();
  await store.answer();
  hub.flush();
  assertEquals(peer.read(), []);
});

Deno.test("sends no record of a topic that was unsubscribed while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(peer.read(), [{ type: "ack", id: 1 }]);
});

Deno.test("sends each record once after an unsubscribe and a subscribe while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  publishEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  peer.send({ type: "subscribe", id: 2, topic: "lobby", last: 5 });
  hub.flush();
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  const [ack, subscribed, ...batches] = peer.read();
  assertEquals([ack.type, subscribed.type], ["ack", "subscribed"]);
  assertEquals(texts(batches), [..."bcdef"]);
});
