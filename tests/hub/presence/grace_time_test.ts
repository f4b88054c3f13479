import { assertEquals } from "@std/assert";
import * as v from "valibot";
import type { PresenceChange } from "../../../messages.ts";
import { defineMessages, PROTOCOL } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";
import { joined, member, presenceOf } from "./members.ts";

Deno.test("sends no frame for a disconnect and a resume within the grace time", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({
    presenceGraceMs: 5_000,
    onPresence: (change) => changes.push(change),
  });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  presenceOf(hub, peer);
  changes.length = 0;
  bob.peer.far.drop();
  hub.clock.advance(4_000);
  assertEquals(hub.hub.topic("room").presence.get(bob.id), "Bob");
  const back = await hub.start(member("Bob", bob.session));
  hub.clock.advance(10_000);
  assertEquals(presenceOf(hub, peer), []);
  assertEquals(changes, []);
  // The resumed member receives a new snapshot.
  const frames = back.peer.readType("presence");
  assertEquals(frames.map(({ snapshot, join }) => [snapshot, join.length]), [
    [true, 2],
  ]);
});

Deno.test("a member that resumes with other data changes its data and does not leave", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  presenceOf(hub, peer);
  bob.peer.far.drop();
  await hub.start(member("Robert", bob.session));
  assertEquals(presenceOf(hub, peer), [{
    type: "presence",
    topic: "room",
    join: [{ peer: bob.id, data: "Robert" }],
    leave: [],
  }]);
});

Deno.test("a member leaves once when its grace time ends", async () => {
  await using hub = inMemory({ presenceGraceMs: 5_000 });
  const { peer } = await joined(hub);
  const bob = await joined(hub);
  presenceOf(hub, peer);
  bob.peer.far.drop();
  hub.clock.advance(4_999);
  assertEquals(presenceOf(hub, peer), []);
  hub.clock.advance(1_001);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
  hub.clock.advance(60_000);
  bob.peer.far.drop();
  bob.peer.far.close(1000);
  assertEquals(presenceOf(hub, peer), []);
});

Deno.test("the default grace time is the sessions' time to live", async () => {
  await using hub = inMemory({ sessionMs: 3_000 });
  const bob = await joined(hub);
  bob.peer.far.drop();
  hub.clock.advance(2_999);
  assertEquals(hub.hub.topic("room").presence.size, 1);
  hub.clock.advance(1_001);
  assertEquals(hub.hub.topic("room").presence.size, 0);
});

Deno.test("a second disconnect starts the member's grace time again", async () => {
  await using hub = inMemory({ presenceGraceMs: 5_000 });
  const [ada, bob] = [await joined(hub), await joined(hub)];
  ada.peer.far.drop();
  hub.clock.advance(2_000);
  bob.peer.far.drop();
  hub.clock.advance(1_000);
  const again = await hub.v1(member(undefined, ada.session));
  again.far.drop();
  hub.clock.advance(4_000);
  assertEquals([...hub.hub.topic("room").presence.keys()], [ada.id]);
  hub.clock.advance(2_000);
  assertEquals(hub.hub.topic("room").presence.size, 0);
});

Deno.test("a member that resumes without the topic, or without presence, leaves", async () => {
  for (const topics of [{}, { room: {} }, { other: { presence: true } }]) {
    await using hub = inMemory();
    const { peer } = await joined(hub);
    const bob = await joined(hub);
    presenceOf(hub, peer);
    bob.peer.far.drop();
    await hub.start({ topics, session: bob.session });
    assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
    hub.clock.advance(600_000);
    assertEquals(presenceOf(hub, peer), []);
  }
});

Deno.test("a member that resumes with refused data leaves", async () => {
  await using hub = inMemory({ limits: { presenceBytes: 10 } });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  presenceOf(hub, peer);
  bob.peer.far.drop();
  await hub.start(member("more than ten bytes", bob.session));
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

for (const code of [1000, 1005, 1009, 4500, 4501, 4999]) {
  Deno.test(`a member whose connection is closed with ${code} leaves at once`, async () => {
    await using hub = inMemory();
    const { peer } = await joined(hub);
    const bob = await joined(hub);
    presenceOf(hub, peer);
    bob.peer.far.close(code);
    assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
    hub.clock.advance(600_000);
    assertEquals(presenceOf(hub, peer), []);
  });
}

for (const code of [1001, 1002, 4004]) {
  Deno.test(`a member whose connection is closed with ${code} stays for at most 5 s`, async () => {
    await using hub = inMemory();
    const { peer } = await joined(hub);
    const [bob, eve] = [await joined(hub, "Bob"), await joined(hub)];
    presenceOf(hub, peer);
    bob.peer.far.close(code);
    eve.peer.far.close(code);
    hub.clock.advance(4_000);
    await hub.start(member("Bob", bob.session));
    assertEquals(presenceOf(hub, peer), []);
    hub.clock.advance(2_000);
    assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[eve.id]]);
  });
}

Deno.test("a grace time below 5 s holds after 1001, too", async () => {
  await using hub = inMemory({ presenceGraceMs: 2_000 });
  const { peer } = await joined(hub);
  const bob = await joined(hub);
  presenceOf(hub, peer);
  bob.peer.far.close(1001);
  hub.clock.advance(1_000);
  assertEquals(presenceOf(hub, peer), []);
  hub.clock.advance(2_000);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

for (const code of [0, 1006, 1011, 1012, 4000, 4001, 4003, 4408, 4505]) {
  Deno.test(`a member whose connection is closed with ${code} stays for the grace time`, async () => {
    await using hub = inMemory({ presenceGraceMs: 5_000 });
    const { peer } = await joined(hub);
    const bob = await joined(hub);
    presenceOf(hub, peer);
    bob.peer.far.close(code);
    hub.clock.advance(4_000);
    assertEquals(presenceOf(hub, peer), []);
    hub.clock.advance(2_000);
    assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
  });
}

Deno.test("a member that the program closes with 1000 leaves at once, one that the heartbeat closes stays", async () => {
  await using hub = inMemory({ presenceGraceMs: 60_000 });
  const [ada, bob, eve] = [
    await joined(hub),
    await joined(hub),
    await joined(hub),
  ];
  [...hub.hub.peers].find(({ id }) => id === bob.id)!.close();
  assertEquals(presenceOf(hub, ada.peer).at(-1)!.leave, [bob.id]);
  // Only Ada sends frames.
  for (let i = 0; i < 26; i++) {
    hub.clock.advance(1_000);
    ada.peer.send({ type: "ping" });
  }
  assertEquals(eve.peer.closed?.code, 4001);
  assertEquals(presenceOf(hub, ada.peer), []);
  for (let i = 0; i < 61; i++) {
    hub.clock.advance(1_000);
    ada.peer.send({ type: "ping" });
  }
  assertEquals(presenceOf(hub, ada.peer).map(({ leave }) => leave), [[eve.id]]);
});

Deno.test("a session that another connection resumes stays one member, without a frame", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  presenceOf(hub, peer);
  const newer = await hub.v1(member("Bob", bob.session));
  assertEquals(bob.peer.closed?.code, 4505);
  // The close event of the older connection arrives late, and twice.
  bob.peer.far.close(4505);
  bob.peer.far.close(1005);
  hub.clock.advance(600);
  assertEquals(presenceOf(hub, peer), []);
  newer.far.close(1000);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a connection that closes during the handshake does not change the member", async () => {
  await using hub = inMemory({ presenceGraceMs: 5_000 });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  presenceOf(hub, peer);
  bob.peer.far.drop();
  const hasty = hub.connect(PROTOCOL);
  hasty.send({ type: "hello", ...member("Bob", bob.session) });
  hasty.far.close(1000);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(presenceOf(hub, peer), []);
  hub.clock.advance(6_000);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a member whose resume closes while start is sent stays for the grace time, and leaves once", async () => {
  const strict = defineMessages({}, {
    open: true,
    presence: v.nullable(v.array(v.string())),
  });
  await using hub = inMemory({ contract: strict, presenceGraceMs: 5_000 });
  const ada = await joined(hub);
  const [bob, eve] = [await joined(hub), await joined(hub)];
  presenceOf(hub, ada.peer);
  bob.peer.far.drop();
  hub.clock.advance(1_000);
  eve.peer.far.drop();
  hub.clock.advance(2_000);
  const again = hub.connect(PROTOCOL);
  const data = new Array(15_000).fill(0);
  again.send({
    type: "hello",
    session: bob.session,
    topics: {
      first: { presence: true },
      a: { presence: true, data },
      b: { presence: true, data },
      room: { presence: true },
    },
  });
  assertEquals((await again.untilClosed()).code, 4002);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(presenceOf(hub, ada.peer), []);
  // Bob's grace time starts again, and does not change Eve's.
  hub.clock.advance(4_000);
  assertEquals(presenceOf(hub, ada.peer).map(({ leave }) => leave), [[eve.id]]);
  hub.clock.advance(2_000);
  assertEquals(presenceOf(hub, ada.peer).map(({ leave }) => leave), [[bob.id]]);
  assertEquals(hub.hub.topic("first").presence.size, 0);
});
