import { assertEquals } from "@std/assert";
import * as v from "valibot";
import type { PresenceChange } from "../../../messages.ts";
import { defineMessages, PROTOCOL } from "../../../messages.ts";
import { type AnyFrame, inMemory } from "../in_memory.ts";
import { joined, member, presenceOf } from "./members.ts";

Deno.test("a member receives a snapshot, itself included, then joins and leaves", async () => {
  await using hub = inMemory();
  const ada = await hub.start(member({ name: "Ada" }));
  const adaHere = { peer: ada.start.peer, data: { name: "Ada" } };
  assertEquals(presenceOf(hub, ada.peer), [
    { type: "presence", topic: "room", snapshot: true, join: [adaHere] },
  ]);
  const bob = await hub.start(member({ name: "Bob" }));
  const bobHere = { peer: bob.start.peer, data: { name: "Bob" } };
  assertEquals(presenceOf(hub, bob.peer), [
    {
      type: "presence",
      topic: "room",
      snapshot: true,
      join: [adaHere, bobHere],
    },
  ]);
  assertEquals(presenceOf(hub, ada.peer), [
    { type: "presence", topic: "room", join: [bobHere], leave: [] },
  ]);
  bob.peer.far.close(1000);
  assertEquals(presenceOf(hub, ada.peer), [
    { type: "presence", topic: "room", join: [], leave: [bob.start.peer] },
  ]);
});

Deno.test("sends the snapshot after start, and after subscribed", async () => {
  await using hub = inMemory();
  const { peer } = await hub.start({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "room", presence: true });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["subscribed", "presence"]);
  const late = await hub.start(member());
  hub.flush();
  assertEquals(late.peer.read().map(({ type }) => type), ["presence"]);
});

Deno.test("a subscriber without presence receives no presence and is not a member", async () => {
  await using hub = inMemory();
  const quiet = await hub.v1({ topics: { room: {} } });
  const { peer } = await joined(hub);
  assertEquals(presenceOf(hub, quiet), []);
  assertEquals(hub.hub.topic("room").presence.size, 1);
  quiet.far.close(1000);
  assertEquals(presenceOf(hub, peer), []);
});

Deno.test("sends one frame for each topic and flush, for any number of changes", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const leaving = await joined(hub, "leaving");
  presenceOf(hub, peer);
  const before = hub.hub.stats().flushes;
  const ids = [];
  for (let i = 0; i < 5; i++) {
    ids.push((await hub.start(member(i))).start.peer);
  }
  leaving.peer.far.close(1000);
  const frames = presenceOf(hub, peer);
  assertEquals(frames.length, 1);
  assertEquals(hub.hub.stats().flushes, before + 1);
  assertEquals(frames[0].join.map(({ peer }: AnyFrame) => peer), ids);
  assertEquals(frames[0].leave, [leaving.id]);
});

Deno.test("a member that joins and leaves between two flushes is not sent", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({ onPresence: (change) => changes.push(change) });
  const { peer } = await joined(hub);
  changes.length = 0;
  const hasty = await hub.v1(member());
  hasty.far.close(1000);
  assertEquals(presenceOf(hub, peer), []);
  assertEquals(changes, []);
});

Deno.test("presence is separate for each topic", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  await hub.v1({ topics: { other: { presence: true } } });
  assertEquals(presenceOf(hub, peer), []);
  assertEquals(hub.hub.topic("other").presence.size, 1);
});

Deno.test("acknowledges new data of a member, and sends it to all, itself included", async () => {
  await using hub = inMemory();
  const [ada, bob] = [await joined(hub, 1), await joined(hub, 2)];
  presenceOf(hub, ada.peer);
  bob.peer.send({ type: "presence", id: 9, topic: "room", data: [3] });
  assertEquals(bob.peer.read(), [{ type: "ack", id: 9 }]);
  const news = {
    type: "presence",
    topic: "room",
    join: [{ peer: bob.id, data: [3] }],
    leave: [],
  };
  assertEquals(presenceOf(hub, ada.peer), [news]);
  assertEquals(presenceOf(hub, bob.peer), [news]);
});

Deno.test("acknowledges the same data again, and sends no frame", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub, { a: 1 });
  peer.send({ type: "presence", id: 1, topic: "room", data: { a: 1 } });
  hub.flush();
  assertEquals(peer.read(), [{ type: "ack", id: 1 }]);
});

Deno.test("sends the last of several updates between two flushes", async () => {
  await using hub = inMemory();
  const [ada, bob] = [await joined(hub), await joined(hub)];
  presenceOf(hub, ada.peer);
  for (let id = 1; id <= 10; id++) {
    bob.peer.send({ type: "presence", id, topic: "room", data: id });
  }
  assertEquals(presenceOf(hub, ada.peer).map(({ join }) => join), [[
    { peer: bob.id, data: 10 },
  ]]);
});

Deno.test("a presence frame makes a subscriber a member, and is refused without a subscription", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: { room: {} } });
  peer.send({ type: "presence", id: 1, topic: "room", data: "late" });
  peer.send({ type: "presence", id: 2, topic: "other", data: "no" });
  hub.flush();
  const [ack, refusal, snapshot] = peer.read();
  assertEquals(ack, { type: "ack", id: 1 });
  assertEquals([refusal.id, refusal.code], [2, "absent"]);
  assertEquals(snapshot.join, [{ peer: start.peer, data: "late" }]);
  assertEquals(hub.hub.topic("other").presence.size, 0);
});

Deno.test("a member that unsubscribes leaves at once, receives no more presence, and may join again", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub);
  presenceOf(hub, peer);
  bob.peer.send({ type: "unsubscribe", id: 1, topic: "room" });
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
  const other = await hub.v1(member());
  hub.flush();
  assertEquals(bob.peer.read(), [{ type: "ack", id: 1 }]);
  assertEquals(presenceOf(hub, peer)[0].join.length, 1);
  bob.peer.send({ type: "subscribe", id: 2, topic: "room", presence: true });
  assertEquals(presenceOf(hub, bob.peer)[0].join.length, 3);
  assertEquals(presenceOf(hub, peer)[0].join[0].peer, bob.id);
  // A subscriber again, without presence.
  other.send({ type: "unsubscribe", id: 1, topic: "room" });
  other.send({ type: "subscribe", id: 2, topic: "room" });
  assertEquals(presenceOf(hub, peer)[0].leave.length, 1);
});

Deno.test("a connection that closes while start is sent leaves no member behind", async () => {
  // Each number is an issue of the refusal: together, more than may be sent to a peer that does not read.
  const strict = defineMessages({}, {
    open: true,
    presence: v.nullable(v.array(v.string())),
  });
  await using hub = inMemory({ contract: strict });
  const peer = hub.connect(PROTOCOL);
  const data = new Array(15_000).fill(0);
  peer.send({
    type: "hello",
    topics: {
      a: { presence: true, data },
      b: { presence: true, data },
      room: { presence: true },
    },
  });
  const closed = await peer.untilClosed();
  for (let i = 0; i < 20; i++) await Promise.resolve();
  hub.clock.advance(600_000);
  assertEquals(closed.code, 4002);
  assertEquals(hub.hub.topic("room").presence.size, 0);
  assertEquals([hub.hub.peers.size, hub.opened.length, hub.closed.length], [
    0,
    0,
    0,
  ]);
});

Deno.test("a connection that closes while subscribed is sent leaves no member behind", async () => {
  await using hub = inMemory();
  const { peer } = await hub.start({ topics: {} });
  const { near } = peer.far;
  near.onSent = () => {
    near.onSent = undefined;
    near.over(1006, "");
  };
  peer.send({ type: "subscribe", id: 1, topic: "room", presence: true });
  hub.clock.advance(600_000);
  assertEquals(hub.hub.topic("room").presence.size, 0);
});

Deno.test("the program reads the members of each topic", async () => {
  await using hub = inMemory();
  assertEquals(hub.hub.topic("room").presence, new Map());
  const { presence } = hub.hub.topic("room");
  assertEquals(presence.size, 0);
  const ada = await joined(hub, { name: "Ada" });
  const bob = await joined(hub);
  assertEquals([...hub.hub.topic("room").presence], [
    [ada.id, { name: "Ada" }],
    [bob.id, null],
  ]);
  ada.peer.far.close(1000);
  assertEquals([...hub.hub.topic("room").presence.keys()], [bob.id]);
});

Deno.test("calls onPresence once for each topic and flush, and reports what it throws", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({
    onPresence(change) {
      changes.push(change);
      throw new Error("mine");
    },
  });
  const bob = await hub.start({
    topics: { a: { presence: true, data: 1 }, b: { presence: true } },
  });
  hub.flush();
  const id = bob.start.peer;
  bob.peer.send({ type: "presence", id: 1, topic: "a", data: 2 });
  hub.flush();
  bob.peer.far.close(1000);
  hub.flush();
  assertEquals(changes, [
    { topic: "a", join: [{ peer: id, data: 1 }], leave: [], count: 1 },
    { topic: "b", join: [{ peer: id, data: null }], leave: [], count: 1 },
    { topic: "a", join: [{ peer: id, data: 2 }], leave: [], count: 1 },
    { topic: "a", join: [], leave: [id], count: 0 },
    { topic: "b", join: [], leave: [id], count: 0 },
  ]);
  assertEquals(hub.errors.map(({ stage }) => stage), Array(5).fill("presence"));
});

Deno.test("onPresence may close the connections of the members", async () => {
  await using hub = inMemory({
    onPresence({ join }) {
      for (const { peer, data } of join) {
        if (data !== "out") continue;
        [...hub.hub.peers].find(({ id }) => id === peer)?.close(4503);
      }
    },
  });
  const { peer } = await joined(hub);
  const out = await hub.start(member("out"));
  const frames = presenceOf(hub, peer);
  assertEquals(out.peer.closed?.code, 4503);
  const members = new Set<string>();
  for (const { join, leave } of frames) {
    for (const { peer } of join) members.add(peer);
    for (const peer of leave) members.delete(peer);
  }
  assertEquals(members.size, 0);
  assertEquals(hub.hub.topic("room").presence.size, 1);
});

Deno.test("keeps no state of a topic without members", async () => {
  await using hub = inMemory();
  for (let round = 0; round < 3; round++) {
    const { peer } = await joined(hub);
    peer.far.close(1000);
    hub.flush();
    assertEquals(hub.hub.topic("room").presence, new Map());
  }
  assertEquals(hub.clock.waiting, 0);
});
