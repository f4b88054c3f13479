import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import type { PresenceChange } from "../../../hub/presence/change.ts";
import { defineMessages, PROTOCOL, type Validator } from "../../../messages.ts";
import {
  ANY_RATE,
  type AnyFrame,
  type InMemory,
  inMemory,
  type TestPeer,
} from "../in_memory.ts";

/** A hello that asks for the presence of `room`. */
const member = (data?: unknown, session?: string) => ({
  topics: { room: { presence: true, ...(data === undefined ? {} : { data }) } },
  ...(session === undefined ? {} : { session }),
});

/** A member that has read the snapshot. */
async function joined(hub: InMemory, data?: unknown) {
  const { peer, start } = await hub.start(member(data));
  hub.flush();
  peer.read();
  return { peer, id: start.peer as string, session: start.session as string };
}

/** The presence frames that came since the last look. */
function told(hub: InMemory, peer: TestPeer): AnyFrame[] {
  hub.flush();
  return peer.readType("presence");
}

Deno.test("a member receives a snapshot, itself included, then joins and leaves", async () => {
  await using hub = inMemory();
  const ada = await hub.start(member({ name: "Ada" }));
  const adaHere = { peer: ada.start.peer, data: { name: "Ada" } };
  assertEquals(told(hub, ada.peer), [
    { type: "presence", topic: "room", snapshot: true, join: [adaHere] },
  ]);
  const bob = await hub.start(member({ name: "Bob" }));
  const bobHere = { peer: bob.start.peer, data: { name: "Bob" } };
  assertEquals(told(hub, bob.peer), [
    {
      type: "presence",
      topic: "room",
      snapshot: true,
      join: [adaHere, bobHere],
    },
  ]);
  assertEquals(told(hub, ada.peer), [
    { type: "presence", topic: "room", join: [bobHere], leave: [] },
  ]);
  bob.peer.far.close(1000);
  assertEquals(told(hub, ada.peer), [
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
  assertEquals(told(hub, quiet), []);
  assertEquals(hub.hub.topic("room").presence.size, 1);
  quiet.far.close(1000);
  assertEquals(told(hub, peer), []);
});

Deno.test("sends one frame for each topic and flush, for any number of changes", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const gone = await joined(hub, "gone");
  told(hub, peer);
  const before = hub.hub.stats().flushes;
  const ids = [];
  for (let i = 0; i < 5; i++) {
    ids.push((await hub.start(member(i))).start.peer);
  }
  gone.peer.far.close(1000);
  const frames = told(hub, peer);
  assertEquals(frames.length, 1);
  assertEquals(hub.hub.stats().flushes, before + 1);
  assertEquals(frames[0].join.map(({ peer }: AnyFrame) => peer), ids);
  assertEquals(frames[0].leave, [gone.id]);
});

Deno.test("a member that joins and leaves between two flushes is not sent", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({ onPresence: (change) => changes.push(change) });
  const { peer } = await joined(hub);
  changes.length = 0;
  const hasty = await hub.v1(member());
  hasty.far.close(1000);
  assertEquals(told(hub, peer), []);
  assertEquals(changes, []);
});

Deno.test("presence is separate for each topic", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  await hub.v1({ topics: { other: { presence: true } } });
  assertEquals(told(hub, peer), []);
  assertEquals(hub.hub.topic("other").presence.size, 1);
});

Deno.test("acknowledges new data of a member, and sends it to all, itself included", async () => {
  await using hub = inMemory();
  const [ada, bob] = [await joined(hub, 1), await joined(hub, 2)];
  told(hub, ada.peer);
  bob.peer.send({ type: "presence", id: 9, topic: "room", data: [3] });
  assertEquals(bob.peer.read(), [{ type: "ack", id: 9 }]);
  const news = {
    type: "presence",
    topic: "room",
    join: [{ peer: bob.id, data: [3] }],
    leave: [],
  };
  assertEquals(told(hub, ada.peer), [news]);
  assertEquals(told(hub, bob.peer), [news]);
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
  told(hub, ada.peer);
  for (let id = 1; id <= 10; id++) {
    bob.peer.send({ type: "presence", id, topic: "room", data: id });
  }
  assertEquals(told(hub, ada.peer).map(({ join }) => join), [[
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

Deno.test("data that is not given is null, also for the contract's validator", async () => {
  await using hub = inMemory({
    contract: defineMessages({}, { presence: v.null() }),
  });
  const { peer, start } = await hub.start(member());
  assertEquals(told(hub, peer)[0].join, [{ peer: start.peer, data: null }]);
});

Deno.test("sends no frame for a disconnect and a resume within the grace time", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({
    presenceGraceMs: 5_000,
    onPresence: (change) => changes.push(change),
  });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  told(hub, peer);
  changes.length = 0;
  bob.peer.far.drop();
  hub.clock.advance(4_000);
  assertEquals(hub.hub.topic("room").presence.get(bob.id), "Bob");
  const back = await hub.start(member("Bob", bob.session));
  hub.clock.advance(10_000);
  assertEquals(told(hub, peer), []);
  assertEquals(changes, []);
  // Whoever came back is told anew who is there.
  const frames = back.peer.readType("presence");
  assertEquals(frames.map(({ snapshot, join }) => [snapshot, join.length]), [
    [true, 2],
  ]);
});

Deno.test("a member that resumes with other data changes its data and does not leave", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  told(hub, peer);
  bob.peer.far.drop();
  await hub.start(member("Robert", bob.session));
  assertEquals(told(hub, peer), [{
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
  told(hub, peer);
  bob.peer.far.drop();
  hub.clock.advance(4_999);
  assertEquals(told(hub, peer), []);
  hub.clock.advance(1_001);
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
  hub.clock.advance(60_000);
  bob.peer.far.drop();
  bob.peer.far.close(1000);
  assertEquals(told(hub, peer), []);
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
    told(hub, peer);
    bob.peer.far.drop();
    await hub.start({ topics, session: bob.session });
    assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
    hub.clock.advance(600_000);
    assertEquals(told(hub, peer), []);
  }
});

Deno.test("a member that resumes with refused data leaves", async () => {
  await using hub = inMemory({ limits: { presenceBytes: 10 } });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  told(hub, peer);
  bob.peer.far.drop();
  await hub.start(member("more than ten bytes", bob.session));
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a member that unsubscribes leaves at once, receives no more presence, and may join again", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub);
  told(hub, peer);
  bob.peer.send({ type: "unsubscribe", id: 1, topic: "room" });
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
  const other = await hub.v1(member());
  hub.flush();
  assertEquals(bob.peer.read(), [{ type: "ack", id: 1 }]);
  assertEquals(told(hub, peer)[0].join.length, 1);
  bob.peer.send({ type: "subscribe", id: 2, topic: "room", presence: true });
  assertEquals(told(hub, bob.peer)[0].join.length, 3);
  assertEquals(told(hub, peer)[0].join[0].peer, bob.id);
  // A subscriber again, without presence.
  other.send({ type: "unsubscribe", id: 1, topic: "room" });
  other.send({ type: "subscribe", id: 2, topic: "room" });
  assertEquals(told(hub, peer)[0].leave.length, 1);
});

for (const code of [1000, 1001, 1002, 1005, 1009, 4500, 4501, 4999]) {
  Deno.test(`a member whose connection is closed with ${code} leaves at once`, async () => {
    await using hub = inMemory();
    const { peer } = await joined(hub);
    const bob = await joined(hub);
    told(hub, peer);
    bob.peer.far.close(code);
    assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
    hub.clock.advance(600_000);
    assertEquals(told(hub, peer), []);
  });
}

for (const code of [0, 1006, 1011, 1012, 4000, 4001, 4003, 4408, 4505]) {
  Deno.test(`a member whose connection is closed with ${code} stays for the grace time`, async () => {
    await using hub = inMemory({ presenceGraceMs: 5_000 });
    const { peer } = await joined(hub);
    const bob = await joined(hub);
    told(hub, peer);
    bob.peer.far.close(code);
    hub.clock.advance(4_000);
    assertEquals(told(hub, peer), []);
    hub.clock.advance(2_000);
    assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
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
  assertEquals(told(hub, ada.peer).at(-1)!.leave, [bob.id]);
  // Only Ada is heard.
  for (let i = 0; i < 26; i++) {
    hub.clock.advance(1_000);
    ada.peer.send({ type: "ping" });
  }
  assertEquals(eve.peer.closed?.code, 4001);
  assertEquals(told(hub, ada.peer), []);
  for (let i = 0; i < 61; i++) {
    hub.clock.advance(1_000);
    ada.peer.send({ type: "ping" });
  }
  assertEquals(told(hub, ada.peer).map(({ leave }) => leave), [[eve.id]]);
});

Deno.test("a session that another connection resumes stays one member, without a frame", async () => {
  await using hub = inMemory();
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  told(hub, peer);
  const newer = await hub.v1(member("Bob", bob.session));
  assertEquals(bob.peer.closed?.code, 4505);
  // The runtime's own word on the older one comes late, and twice.
  bob.peer.far.close(4505);
  bob.peer.far.close(1005);
  hub.clock.advance(600);
  assertEquals(told(hub, peer), []);
  newer.far.close(1000);
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a connection that closes during the handshake does not change the member", async () => {
  await using hub = inMemory({ presenceGraceMs: 5_000 });
  const { peer } = await joined(hub);
  const bob = await joined(hub, "Bob");
  told(hub, peer);
  bob.peer.far.drop();
  const hasty = hub.connect(PROTOCOL);
  hasty.send({ type: "hello", ...member("Bob", bob.session) });
  hasty.far.close(1000);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(told(hub, peer), []);
  hub.clock.advance(6_000);
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a member without credit receives one new snapshot when it has credit again", async () => {
  await using hub = inMemory({ limits: { windowBytes: 100 } });
  const { peer, id } = await joined(hub, "slow");
  hub.hub.topic("room").publish({ type: "chat", text: "x".repeat(200) });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["batch"]);
  const bob = await joined(hub, "Bob");
  for (let n = 0; n < 10; n++) {
    (await joined(hub, n)).peer.far.close(1000);
  }
  assertEquals(told(hub, peer), []);
  peer.send({ type: "ack", frames: 1 });
  assertEquals(told(hub, peer), [{
    type: "presence",
    topic: "room",
    snapshot: true,
    join: [{ peer: id, data: "slow" }, { peer: bob.id, data: "Bob" }],
  }]);
  bob.peer.far.close(1000);
  assertEquals(told(hub, peer).map(({ leave }) => leave), [[bob.id]]);
});

Deno.test("a member that does not read its replies receives one snapshot when it reads again", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const { peer } = await joined(hub);
  let pings = 0;
  for (let id = 1; pings === 0; id++) {
    peer.send({ type: "unsubscribe", id, topic: "x".repeat(100) });
    pings = peer.readType("ping").length;
  }
  const bob = await joined(hub);
  bob.peer.far.close(1000);
  const eve = await joined(hub);
  assertEquals(told(hub, peer), []);
  peer.send({ type: "pong" });
  const frames = told(hub, peer);
  assertEquals(frames.length, 1);
  assert(frames[0].snapshot);
  assertEquals(frames[0].join.at(-1).peer, eve.id);
});

Deno.test("above 1,000 members the frame is a count; at 1,000 again it is a snapshot", async () => {
  const changes: PresenceChange[] = [];
  await using hub = inMemory({ onPresence: (change) => changes.push(change) });
  const first = await joined(hub);
  const others: TestPeer[] = [];
  for (let i = 1; i < 1000; i++) others.push(await hub.v1(member()));
  const full = told(hub, first.peer);
  assertEquals([full.length, full[0].join.length], [1, 999]);
  const one = await hub.v1(member());
  assertEquals(told(hub, first.peer), [
    { type: "presence", topic: "room", count: 1001 },
  ]);
  assertEquals(told(hub, one), [
    { type: "presence", topic: "room", count: 1001 },
  ]);
  const two = await hub.v1(member());
  assertEquals(told(hub, first.peer), [
    { type: "presence", topic: "room", count: 1002 },
  ]);
  assertEquals(hub.hub.topic("room").presence.size, 1002);
  two.far.close(1000);
  assertEquals(told(hub, first.peer)[0].count, 1001);
  changes.length = 0;
  one.far.close(1000);
  const back = told(hub, first.peer);
  assertEquals(back.length, 1);
  assertEquals([back[0].snapshot, back[0].join.length], [true, 1000]);
  // The program is always told who.
  assertEquals(changes.map(({ join, leave }) => [join.length, leave.length]), [
    [0, 1],
  ]);
  others[0]!.far.close(1000);
  assertEquals(told(hub, first.peer)[0].leave.length, 1);
});

Deno.test("many members with large data do not close a reading member", async () => {
  await using hub = inMemory();
  const data = "x".repeat(1_000);
  const first = await joined(hub, data);
  const crowd: TestPeer[] = [];
  for (let i = 0; i < 400; i++) crowd.push(await hub.v1(member(data)));
  hub.flush();
  for (const peer of [first.peer, crowd[0]!, crowd.at(-1)!]) {
    assertEquals(peer.closed, undefined);
    const [news] = peer.readType("presence");
    assert(news.join.length >= 400);
    // What it took in is asked for, and answered.
    peer.send({ type: "pong" });
  }
  crowd[7]!.far.close(1000);
  assertEquals(told(hub, first.peer)[0].leave.length, 1);
});

const contract = defineMessages({}, {
  open: true,
  presence: v.object({ name: v.pipe(v.string(), v.trim(), v.minLength(1)) }),
});

Deno.test("data is the output of the contract's validator", async () => {
  await using hub = inMemory({ contract });
  const { peer, start } = await hub.start(member({ name: " Ada ", x: 1 }));
  assertEquals(told(hub, peer)[0].join, [
    { peer: start.peer, data: { name: "Ada" } },
  ]);
});

Deno.test("data that the contract refuses refuses the presence, not the subscription", async () => {
  await using hub = inMemory({ contract });
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello", ...member({ name: 1 }) });
  const [start, refusal, ...rest] = await peer.until("start");
  assertEquals(start.topics.room.recovered, true);
  assertEquals([refusal.type, refusal.code, "id" in refusal], [
    "error",
    "invalid",
    false,
  ]);
  assertEquals(refusal.issues[0].path, ["name"]);
  assertEquals(rest, []);
  peer.send({
    type: "subscribe",
    id: 4,
    topic: "two",
    presence: true,
    data: {},
  });
  peer.send({ type: "presence", id: 5, topic: "room", data: { name: "" } });
  hub.flush();
  assertEquals(peer.read().map(({ type, id, code }) => [type, id, code]), [
    ["subscribed", 4, undefined],
    ["error", 4, "invalid"],
    ["error", 5, "invalid"],
  ]);
  assertEquals(hub.hub.topic("room").presence.size, 0);
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("refused data does not change the member's data", async () => {
  await using hub = inMemory({ contract });
  const bob = await joined(hub, { name: "Bob" });
  bob.peer.send({ type: "presence", id: 5, topic: "room", data: null });
  hub.flush();
  assertEquals(bob.peer.read().map(({ code }) => code), ["invalid"]);
  assertEquals(hub.hub.topic("room").presence.get(bob.id), { name: "Bob" });
});

Deno.test("data above limits.presenceBytes, as JSON in UTF-8, is refused as large", async () => {
  await using hub = inMemory({ limits: { presenceBytes: 12 } });
  const { peer } = await joined(hub);
  const say = (id: number, data: string) =>
    peer.send({ type: "presence", id, topic: "room", data });
  say(1, "x".repeat(10));
  say(2, "x".repeat(11));
  say(3, "ü".repeat(5));
  say(4, "ü".repeat(6));
  const answers = peer.read().map(({ type, id, code }) => [type, id, code]);
  assertEquals(answers, [
    ["ack", 1, undefined],
    ["error", 2, "large"],
    ["ack", 3, undefined],
    ["error", 4, "large"],
  ]);
});

Deno.test("a validator of presence that throws or is async refuses the data and is reported", async () => {
  const validators: Validator[] = [
    (_value): _value is string => {
      throw new Error("broken");
    },
    v.pipeAsync(v.string(), v.checkAsync(() => Promise.resolve(true))),
  ];
  for (const presence of validators) {
    await using hub = inMemory({
      contract: defineMessages({}, { open: true, presence }),
    });
    const peer = hub.connect(PROTOCOL);
    peer.send({ type: "hello", ...member("x") });
    const [, refusal] = await peer.until("start");
    assertEquals([refusal.code, refusal.message.includes("broken")], [
      "invalid",
      false,
    ]);
    assertEquals(hub.errors.map(({ stage }) => stage), ["validate"]);
    assertEquals(hub.hub.topic("room").presence.size, 0);
  }
});

Deno.test("a connection that closes while start is sent leaves no member behind", async () => {
  // As many issues as there are numbers: more than a connection may be sent unseen.
  const wordy = defineMessages({}, {
    open: true,
    presence: v.nullable(v.array(v.string())),
  });
  await using hub = inMemory({ contract: wordy });
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
  assertEquals([hub.hub.peers.size, hub.joins.length, hub.leaves.length], [
    0,
    0,
    0,
  ]);
});

Deno.test("a member whose resume closes while start is sent stays for the grace time, and leaves once", async () => {
  const wordy = defineMessages({}, {
    open: true,
    presence: v.nullable(v.array(v.string())),
  });
  await using hub = inMemory({ contract: wordy, presenceGraceMs: 5_000 });
  const ada = await joined(hub);
  const [bob, eve] = [await joined(hub), await joined(hub)];
  told(hub, ada.peer);
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
  assertEquals(told(hub, ada.peer), []);
  // His time of grace starts anew; hers does not wait for it.
  hub.clock.advance(4_000);
  assertEquals(told(hub, ada.peer).map(({ leave }) => leave), [[eve.id]]);
  hub.clock.advance(2_000);
  assertEquals(told(hub, ada.peer).map(({ leave }) => leave), [[bob.id]]);
  assertEquals(hub.hub.topic("first").presence.size, 0);
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
    { topic: "a", join: [{ peer: id, data: 1 }], leave: [] },
    { topic: "b", join: [{ peer: id, data: null }], leave: [] },
    { topic: "a", join: [{ peer: id, data: 2 }], leave: [] },
    { topic: "a", join: [], leave: [id] },
    { topic: "b", join: [], leave: [id] },
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
  const frames = told(hub, peer);
  assertEquals(out.peer.closed?.code, 4503);
  const left = new Set<string>();
  for (const { join, leave } of frames) {
    for (const { peer } of join) left.add(peer);
    for (const peer of leave) left.delete(peer);
  }
  assertEquals(left.size, 0);
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

// The model: what anybody may do, in any order, and what everybody must see.

const GRACE_MS = 3_000;
const PEERS = 4;

type Step =
  | { readonly do: "come"; readonly who: number; readonly data: number | null }
  | { readonly do: "end"; readonly who: number; readonly code: number }
  | { readonly do: "echo"; readonly who: number; readonly code: number }
  | { readonly do: "leave"; readonly who: number }
  | { readonly do: "say"; readonly who: number; readonly data: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "flush" };

const who = fc.nat(PEERS - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: come() },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        who,
        code: fc.constantFrom(0, 1000, 1001, 1005, 1006, 1012, 4000, 4500),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("echo" as const),
        who,
        code: fc.constantFrom(0, 1000, 1005, 1006, 4505),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave"), who }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("say" as const),
        who,
        data: fc.nat(2),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(1, 900, 1_000, 2_500, 4_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 40 },
);

function come(): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant("come" as const),
    who,
    // `null`: it resumes and does not ask for presence.
    data: fc.option<number, null>(fc.nat(2), {
      freq: 5,
      nil: null,
    }),
  });
}

/** What one member was told, put together. It complains of what cannot be. */
class View {
  readonly members = new Map<string, unknown>();
  #isFirst = true;

  take(frames: readonly AnyFrame[]): void {
    for (const { snapshot = false, join, leave = [] } of frames) {
      assert(snapshot || !this.#isFirst, "the first one is no snapshot");
      this.#isFirst = false;
      if (snapshot) this.members.clear();
      for (const peer of leave) {
        assert(this.members.delete(peer), `${peer} left and was not there`);
      }
      for (const { peer, data } of join) this.members.set(peer, data);
    }
  }
}

/** One client of the model: its session, its connection and all the ones before. */
interface Guest {
  session: string | undefined;
  id: string;
  peer: TestPeer | undefined;
  view: View | undefined;
  readonly old: TestPeer[];
  /** What the model says it shows; `undefined`: it is no member. */
  shown: number | undefined;
  /** When its grace ends, once it is cut. */
  until: number;
}

Deno.test("after any order of closes, resumes and late close events all watchers have the same members, and none leaves twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.constantFrom(GRACE_MS, 20_000),
      async (steps, sessionMs) => {
        const seen = new View();
        let isFirst = true;
        await using hub = inMemory({
          sessionMs,
          presenceGraceMs: GRACE_MS,
          heartbeat: { timeoutMs: 1e9 },
          onPresence: (change) => {
            seen.take([{ ...change, snapshot: isFirst }]);
            isFirst = false;
          },
        });
        const guests = Array.from({ length: PEERS }, (): Guest => ({
          session: undefined,
          id: "",
          peer: undefined,
          view: undefined,
          old: [],
          shown: undefined,
          until: Infinity,
        }));
        // Ticks of the heartbeat come every second from the first connection on.
        const watcher = await hub.v1(member(-1));
        const ticks = hub.clock.now();
        const watcherId = hub.joins[0]!.id;
        const watched = new View();
        for (const guest of guests) await arrive(guest, 0);
        for (const step of steps) await take(step);
        hub.clock.advance(GRACE_MS + 1_000);
        expire();
        look();

        async function take(step: Step): Promise<void> {
          if (step.do === "flush") return look();
          if (step.do === "wait") {
            hub.clock.advance(step.ms);
            return expire();
          }
          const guest = guests[step.who]!;
          const { peer } = guest;
          if (step.do === "come") return await arrive(guest, step.data);
          if (step.do === "echo") return guest.old.at(-1)?.far.close(step.code);
          if (peer === undefined) return;
          if (step.do === "end") {
            peer.far.close(step.code);
            const over = [1000, 1001, 1005, 4500].includes(step.code);
            return part(guest, over);
          }
          if (step.do === "leave") {
            peer.send({ type: "unsubscribe", id: 1, topic: "room" });
            guest.shown = guest.view = undefined;
          } else if (guest.shown !== undefined) {
            const { data } = step;
            peer.send({ type: "presence", id: 1, topic: "room", data });
            guest.shown = data;
          }
        }

        async function arrive(guest: Guest, data: number | null) {
          const { session } = guest;
          if (guest.peer !== undefined) guest.old.push(guest.peer);
          const { peer, start } = await hub.start({
            topics: { room: data === null ? {} : { presence: true, data } },
            ...(session === undefined ? {} : { session }),
          });
          if (!start.resumed && guest.shown !== undefined) {
            // Somebody new; the one before stays until its grace is over.
            guests.push({ ...guest, peer: undefined, session: undefined });
          }
          guest.peer = peer;
          guest.id = start.peer;
          guest.session = start.session;
          guest.until = Infinity;
          guest.shown = data ?? undefined;
          guest.view = data === null ? undefined : new View();
        }

        function part(guest: Guest, over: boolean): void {
          guest.old.push(guest.peer!);
          guest.peer = guest.view = undefined;
          guest.until = hub.clock.now() + GRACE_MS;
          if (over) guest.shown = undefined;
        }

        function expire(): void {
          const passed = Math.floor((hub.clock.now() - ticks) / 1_000);
          for (const guest of guests) {
            if (guest.until <= ticks + passed * 1_000) guest.shown = undefined;
          }
        }

        function look(): void {
          hub.flush();
          const there = new Map<string, unknown>([[watcherId, -1]]);
          for (const { id, shown } of guests) {
            if (shown !== undefined) there.set(id, shown);
          }
          watched.take(watcher.readType("presence"));
          assertEquals(watched.members, there);
          assertEquals(seen.members, there);
          assertEquals(new Map(hub.hub.topic("room").presence), there);
          for (const { peer, view } of guests) {
            const frames = peer?.readType("presence") ?? [];
            if (view === undefined) continue;
            view.take(frames);
            assertEquals(view.members, there);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
