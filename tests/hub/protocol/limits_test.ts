import { assertEquals } from "@std/assert";
import { ANY_RATE, inMemory } from "../in_memory.ts";

const KIB = 1024;

const publish = (id: number, topic = "lobby", text = `${id}`) => ({
  type: "publish",
  id,
  topic,
  message: { type: "chat", text },
});

Deno.test("answers a publish above limits.inflight with limit, and commits those before it", async () => {
  await using hub = inMemory({ limits: { inflight: 3 } });
  const peer = await hub.v1({ topics: {} });
  for (let id = 1; id <= 4; id++) peer.send(publish(id));
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[4, "limit"]]);
  hub.flush();
  assertEquals(peer.read().map(({ id }) => id), [1, 2, 3]);
  peer.send(publish(5));
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["ack"]);
});

Deno.test("a refused publish does not count against limits.inflight", async () => {
  await using hub = inMemory({ limits: { inflight: 1 } });
  const peer = await hub.v1();
  for (let id = 1; id <= 5; id++) {
    peer.send({ ...publish(id), message: { type: "" } });
  }
  assertEquals(peer.read().map(({ code }) => code), Array(5).fill("invalid"));
});

Deno.test("answers a subscribe above limits.topicsPerPeer with limit, until an unsubscribe", async () => {
  await using hub = inMemory({ limits: { topicsPerPeer: 2 } });
  const peer = await hub.v1();
  const subscribe = (id: number) =>
    peer.send({ type: "subscribe", id, topic: `room:${id}` });
  for (const id of [1, 2]) subscribe(id);
  assertEquals(peer.read().map(({ type, code }) => code ?? type), [
    "subscribed",
    "limit",
  ]);
  peer.send({ type: "unsubscribe", id: 3, topic: "lobby" });
  subscribe(4);
  assertEquals(peer.read().map(({ type }) => type), ["ack", "subscribed"]);
});

Deno.test("10,000 publishes to new topics do not affect other peers", async () => {
  await using hub = inMemory({ limits: { ...ANY_RATE, topics: 1_000 } });
  const other = await hub.v1();
  const peer = await hub.v1();
  const answers = new Set<string>();
  const ask = (frame: object) => {
    peer.send(frame);
    hub.flush();
    for (const { type, code } of peer.read()) {
      answers.add(code ?? type);
      if (type === "ping") peer.send({ type: "pong" });
    }
  };
  for (let id = 1; id <= 10_000; id++) {
    ask({ type: "subscribe", id, topic: `unknown:${id}` });
  }
  assertEquals([...answers].toSorted(), ["limit", "ping", "subscribed"]);
  for (let id = 10_001; id <= 20_000; id++) ask(publish(id, `other:${id}`));
  assertEquals([...answers].toSorted(), ["ack", "limit", "ping", "subscribed"]);
  assertEquals(hub.hub.stats().topics, 1_000);
  other.send(publish(1));
  hub.flush();
  assertEquals(other.read().map(({ type }) => type), ["ack", "batch"]);
});

Deno.test("closes with 1009 after a message above the limit", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const frame = JSON.stringify(publish(1, "lobby", "x".repeat(64 * KIB)));
  peer.far.send(frame);
  assertEquals(peer.closed?.code, 1009);
});
