import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { DEFAULT_LIMITS } from "../../../hub/limits.ts";
import { Topic } from "../../../hub/log/topic.ts";
import { topicOptions } from "../../../hub/log/topic_options.ts";
import { Topics } from "../../../hub/log/topics.ts";
import { FakeClock } from "../fake_clock.ts";
import { inMemory, type TestPeer } from "../in_memory.ts";

function topics(limit = 3): Topics {
  const clock = new FakeClock();
  return new Topics({
    store: new MemoryStore(clock),
    clock,
    limits: { ...DEFAULT_LIMITS, topics: limit },
    settings: topicOptions({ "brief:*": { maxAgeMs: 10 } }),
    keepMs: 120_000,
    created: () => {},
    failed: (error) => {
      throw error;
    },
  });
}

Deno.test("creates a topic at its first use, and returns the same one later", () => {
  const all = topics();
  assertEquals(all.get("room"), undefined);
  const room = all.open("room");
  assert(room instanceof Topic);
  assertStrictEquals(all.open("room"), room);
  assertStrictEquals(all.get("room"), room);
  assertEquals([...all], [room]);
  assertEquals(all.size, 1);
});

Deno.test("a topic's name may be that of an inherited property", () => {
  const all = topics(5);
  for (const name of ["__proto__", "constructor", "hasOwnProperty"]) {
    const topic = all.open(name);
    assert(topic instanceof Topic);
    assertEquals(topic.name, name);
  }
});

Deno.test("refuses wrong names as invalid and internal ones as forbidden", () => {
  const all = topics();
  for (
    const [name, code] of [["", "invalid"], ["a\nb", "invalid"], [
      "$x",
      "forbidden",
    ]]
  ) {
    const refusal = all.open(name!);
    assert(!(refusal instanceof Topic));
    assertEquals(refusal.code, code);
  }
  assertEquals(all.size, 0);
});

Deno.test("refuses a topic above the limit, and still returns existing ones", () => {
  const all = topics(2);
  all.open("a");
  all.open("b");
  const refusal = all.open("c");
  assert(!(refusal instanceof Topic));
  assertEquals(refusal.code, "limit");
  assert(all.open("a") instanceof Topic);
});

const QUIET = { helloMs: 1e9 };

Deno.test("forgets a topic without subscribers after the sessions' time to live; it then has a new epoch", async () => {
  await using hub = inMemory({
    limits: QUIET,
    topics: { "*": { maxAgeMs: 1_000 } },
  });
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  const before = hub.hub.topic("room").bounds!;
  assertEquals(before.head, 1);
  hub.clock.advance(119_000);
  assertEquals(hub.hub.topic("room").bounds?.epoch, before.epoch);
  hub.clock.advance(3_000);
  assertEquals(hub.hub.topic("room").bounds, undefined);
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  const after = hub.hub.topic("room").bounds!;
  assertEquals(after.head, 1);
  assert(after.epoch !== before.epoch);
});

Deno.test("keeps a topic for its maxAgeMs if that is longer", async () => {
  await using hub = inMemory({
    limits: QUIET,
    sessionMs: 1_000,
    topics: { room: { maxAgeMs: 60_000 } },
  });
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  hub.clock.advance(59_000);
  assertEquals(hub.hub.stats().records, 1);
  hub.clock.advance(3_000);
  assertEquals(hub.hub.stats().topics, 0);
});

Deno.test("keeps a topic with a subscriber, and counts the time to live from the last unsubscribe", async () => {
  await using hub = inMemory({
    sessionMs: 10_000,
    topics: { "*": { maxAgeMs: 1_000 } },
  });
  const peer = await hub.v1({ topics: { room: {} } });
  const { epoch } = hub.hub.topic("room").bounds!;
  for (let minute = 0; minute < 10; minute++) {
    for (let i = 0; i < 6; i++) {
      peer.send({ type: "ping" });
      hub.clock.advance(10_000);
    }
  }
  assertEquals(hub.hub.topic("room").bounds?.epoch, epoch);
  peer.far.close(1000);
  hub.clock.advance(9_000);
  assertEquals(hub.hub.topic("room").bounds?.epoch, epoch);
  hub.clock.advance(3_000);
  assertEquals(hub.hub.topic("room").bounds, undefined);
});

Deno.test("drops old records without further publishes", async () => {
  await using hub = inMemory({ topics: { "*": { maxAgeMs: 5_000 } } });
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  assertEquals(hub.hub.stats().records, 1);
  hub.clock.advance(7_000);
  assertEquals(hub.hub.stats().records, 0);
  assertEquals(hub.hub.stats().recordBytes, 0);
});

Deno.test("limits the topics that one address creates; topics of other addresses or the program do not count", async () => {
  await using hub = inMemory({ limits: { topicsPerAddress: 3 } });
  const from = (address: string) => hub.v1From(address, { topics: {} });
  const a = await from("192.0.2.1");
  const b = await from("192.0.2.2");
  const open = (peer: TestPeer, id: number, topic: string) => {
    peer.send({ type: "publish", id, topic, message: { type: "a" } });
    hub.flush();
    return peer.read().at(-1).code ?? "ok";
  };
  for (const [id, topic] of ["x", "y", "z"].entries()) {
    assertEquals(open(a, id, topic), "ok");
  }
  // An existing topic can be used. Other connections of the address, and other frames, count alike.
  assertEquals([open(a, 3, "x"), open(a, 4, "w")], ["ok", "limit"]);
  const { start } = await hub.startFrom("192.0.2.1", { topics: { w: {} } });
  assertEquals(start.topics.w, { error: "limit" });
  a.send({ type: "subscribe", id: 5, topic: "w" });
  a.send({ type: "history", id: 6, topic: "w", from: 0, limit: 1 });
  assertEquals((await a.until("error")).map(({ code }) => code), ["limit"]);
  assertEquals((await a.until("error")).map(({ code }) => code), ["limit"]);
  // Another address has its own count. A topic counts for its creator, whichever address uses it.
  assertEquals(
    ["x", "y", "z", "v", "u", "t"].map((topic, id) => open(b, id, topic)),
    ["ok", "ok", "ok", "ok", "ok", "ok"],
  );
  assertEquals([open(b, 6, "s"), open(a, 7, "w")], ["limit", "limit"]);
  // The program's topics count for no address.
  hub.hub.topic("w").publish({ type: "a" });
  hub.flush();
  assertEquals([open(a, 8, "w"), open(a, 9, "s")], ["ok", "limit"]);
});

Deno.test("two addresses that use the same topics have no more than twice the topics of one", async () => {
  await using hub = inMemory({ limits: { topicsPerAddress: 3 } });
  const peers = [
    await hub.v1From("192.0.2.1", { topics: {} }),
    await hub.v1From("2001:db8::1", { topics: {} }),
  ];
  for (let round = 0; round < 12; round++) {
    for (const peer of peers) {
      for (let n = 0; n < 3; n++) {
        const topic = `${round}:${n}`;
        const message = { type: "a" };
        peer.send({ type: "publish", id: round * 3 + n, topic, message });
      }
    }
  }
  hub.flush();
  assertEquals(hub.hub.stats().topics, 6);
});

Deno.test("a forgotten topic no longer counts for its address", async () => {
  await using hub = inMemory({
    limits: { topicsPerAddress: 1 },
    sessionMs: 120_000,
    heartbeat: { timeoutMs: 1e9 },
  });
  const peer = await hub.v1({ topics: {} });
  const codes: unknown[] = [];
  for (let id = 1; id <= 3; id++) {
    if (id === 3) hub.clock.advance(200_000);
    const topic = `${id}`;
    peer.send({ type: "publish", id, topic, message: { type: "a" } });
    hub.flush();
    codes.push(peer.read().at(-1).code);
  }
  assertEquals(codes, [undefined, "limit", undefined]);
});

Deno.test("forgets a topic that only a history read has opened, on a hub that never had a peer", async () => {
  await using hub = inMemory({ sessionMs: 1_000 });
  await hub.hub.topic("room").history();
  assertEquals(hub.hub.stats().topics, 1);
  hub.clock.advance(200_000);
  assertEquals(hub.hub.stats().topics, 0);
});
