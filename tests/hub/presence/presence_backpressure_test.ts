import { assert, assertEquals } from "@std/assert";
import type { PresenceChange } from "../../../messages.ts";
import { ANY_RATE, inMemory, type TestPeer } from "../in_memory.ts";
import { joined, member, presenceOf, readList } from "./members.ts";

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
  assertEquals(presenceOf(hub, peer), []);
  peer.send({ type: "ack", frames: 1 });
  assertEquals(presenceOf(hub, peer), [{
    type: "presence",
    topic: "room",
    snapshot: true,
    join: [{ peer: id, data: "slow" }, { peer: bob.id, data: "Bob" }],
  }]);
  bob.peer.far.close(1000);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[bob.id]]);
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
  assertEquals(presenceOf(hub, peer), []);
  peer.send({ type: "pong" });
  const frames = presenceOf(hub, peer);
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
  const full = presenceOf(hub, first.peer);
  assertEquals([full.length, full[0].join.length], [1, 999]);
  const one = await hub.v1(member());
  assertEquals(presenceOf(hub, first.peer), [
    { type: "presence", topic: "room", count: 1001 },
  ]);
  assertEquals(presenceOf(hub, one), [
    { type: "presence", topic: "room", count: 1001 },
  ]);
  const two = await hub.v1(member());
  assertEquals(presenceOf(hub, first.peer), [
    { type: "presence", topic: "room", count: 1002 },
  ]);
  assertEquals(hub.hub.topic("room").presence.size, 1002);
  two.far.close(1000);
  assertEquals(presenceOf(hub, first.peer)[0].count, 1001);
  changes.length = 0;
  one.far.close(1000);
  const back = presenceOf(hub, first.peer);
  assertEquals(back.length, 1);
  assertEquals([back[0].snapshot, back[0].join.length], [true, 1000]);
  // The program always receives the members.
  assertEquals(changes.map(({ join, leave }) => [join.length, leave.length]), [
    [0, 1],
  ]);
  others[0]!.far.close(1000);
  assertEquals(presenceOf(hub, first.peer)[0].leave.length, 1);
});

Deno.test("many members with large data do not close a reading member", async () => {
  await using hub = inMemory();
  const data = "x".repeat(1_000);
  const first = await joined(hub, data);
  const crowd: TestPeer[] = [];
  for (let i = 0; i < 400; i++) crowd.push(await hub.v1(member(data)));
  hub.flush();
  for (const peer of [first.peer, crowd[0]!, crowd.at(-1)!]) {
    assertEquals(readList(hub, peer).length, 401);
    assertEquals(peer.closed, undefined);
  }
  crowd[7]!.far.close(1000);
  assertEquals(presenceOf(hub, first.peer)[0].leave.length, 1);
});
