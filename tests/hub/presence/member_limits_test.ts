import { PROTOCOL } from "../../../messages.ts";
import { assert, assertEquals } from "@std/assert";
import type { Limits } from "../../../hub/limits.ts";
import { type InMemory, inMemory } from "../in_memory.ts";
import { joined, member, presenceOf } from "./members.ts";

/** The bytes that a member with the data `"x".repeat(100)` counts for. */
const COST = 256 + 102;
const DATA = "x".repeat(100);

const limited = (limits: Partial<Limits>): InMemory => inMemory({ limits });

/** Sends a presence frame. @returns the answer. */
function setData(
  { peer }: Awaited<ReturnType<typeof joined>>,
  data: unknown,
  topic = "room",
) {
  peer.send({ type: "presence", id: 1, topic, data });
  return peer.read().find(({ id }) => id === 1);
}

/** Connects a peer that requests presence. @returns it, and the codes of the errors behind its `start`. */
async function request(hub: InMemory, address?: string) {
  const peer = hub.connect(PROTOCOL, {}, address);
  peer.send({ type: "hello", ...member(DATA) });
  const frames = await peer.until("start");
  const errors = frames.filter(({ type }) => type === "error");
  return { peer, errors: errors.map(({ code }) => code) };
}

for (
  const [name, limits] of [
    ["membersPerTopic", { membersPerTopic: 2 }],
    ["presenceBytesPerAddress", { presenceBytesPerAddress: 2 * COST }],
    ["presenceBytesTotal", { presenceBytesTotal: 2 * COST }],
  ] as const
) {
  Deno.test(`limits.${name} refuses the presence of a further member, and keeps its subscription`, async () => {
    await using hub = limited(limits);
    const ada = await joined(hub, DATA);
    const bob = await joined(hub, DATA);
    const { peer, errors } = await request(hub);
    assertEquals(errors, ["limit"]);
    assertEquals(hub.hub.topic("room").presence.size, 2);
    hub.hub.topic("room").publish({ type: "chat", text: "hi" });
    hub.flush();
    assertEquals(peer.readType("batch").length, 1);
    bob.peer.far.close(1000);
    const eve = await joined(hub, DATA);
    assertEquals(
      [...hub.hub.topic("room").presence.keys()],
      [ada.id, eve.id],
    );
  });

  Deno.test(`at limits.${name} the oldest member without a connection leaves`, async () => {
    await using hub = limited({ ...limits, ...triple(limits) });
    const ada = await joined(hub, DATA);
    const [bob, tom] = [await joined(hub, DATA), await joined(hub, DATA)];
    presenceOf(hub, ada.peer);
    tom.peer.far.drop();
    bob.peer.far.drop();
    const eve = await joined(hub, DATA);
    assertEquals(
      [...hub.hub.topic("room").presence.keys()].sort(),
      [ada.id, bob.id, eve.id].sort(),
    );
    assertEquals(presenceOf(hub, ada.peer).flatMap(({ leave }) => leave), [
      tom.id,
    ]);
    // A resumed member has a connection again: it is not the oldest any more.
    await hub.start(member(DATA, bob.session));
    assertEquals((await request(hub)).errors, ["limit"]);
  });
}

/** Returns limits for three members instead of two. */
function triple(limits: Partial<Limits>): Partial<Limits> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, limit / 2 * 3]),
  );
}

Deno.test("one address does not use up the presence of the others", async () => {
  await using hub = limited({ presenceBytesPerAddress: 2 * COST });
  for (let i = 0; i < 2; i++) await joined(hub, DATA);
  assertEquals((await request(hub, "198.51.100.7")).errors, []);
  assertEquals(hub.hub.topic("room").presence.size, 3);
});

Deno.test("counts new data instead of the earlier data, and keeps the earlier data at a refusal", async () => {
  await using hub = limited({ presenceBytesPerAddress: COST });
  const ada = await joined(hub, "short");
  for (let i = 0; i < 5; i++) assertEquals(setData(ada, DATA)?.type, "ack");
  assertEquals(setData(ada, DATA + "x")?.code, "limit");
  assertEquals([...hub.hub.topic("room").presence.values()], [DATA]);
  assertEquals(setData(ada, "short")?.type, "ack");
});

Deno.test("objects and arrays count with their memory, not with their text", async () => {
  await using hub = limited({ presenceBytesPerAddress: 4_000 });
  const ada = await joined(hub);
  assertEquals(setData(ada, Array(50).fill(0))?.type, "ack");
  assertEquals(setData(ada, Array(50).fill([]))?.code, "limit");
});

Deno.test("a refused member leaves nothing behind, and every way to leave frees its bytes", async () => {
  await using hub = limited({
    presenceBytesPerAddress: COST,
    membersPerTopic: 1,
  });
  for (const way of ["close", "drop", "unsubscribe", "resume"] as const) {
    const bob = await joined(hub, DATA);
    assertEquals(hub.hub.topic("room").presence.size, 1, way);
    assertEquals((await request(hub)).errors, ["limit"]);
    if (way === "close") bob.peer.far.close(1000);
    else if (way === "drop") {
      bob.peer.far.drop();
      hub.clock.advance(121_000);
    } else if (way === "unsubscribe") {
      bob.peer.send({ type: "unsubscribe", id: 1, topic: "room" });
    } else {
      bob.peer.far.drop();
      await hub.start({ topics: {}, session: bob.session });
    }
    hub.flush();
    assertEquals(hub.hub.topic("room").presence.size, 0, way);
  }
});

Deno.test("a member that resumes from another address counts there", async () => {
  await using hub = limited({ presenceBytesPerAddress: COST });
  const bob = await joined(hub, DATA);
  bob.peer.far.drop();
  await hub.v1From("198.51.100.7", member(DATA, bob.session));
  await joined(hub, DATA);
  assertEquals(hub.hub.topic("room").presence.size, 2);
  for (const address of [undefined, "198.51.100.7"]) {
    assertEquals((await request(hub, address)).errors, ["limit"]);
  }
});

Deno.test("a member whose session is forgotten at limits.sessions leaves", async () => {
  await using hub = limited({ sessions: 2 });
  const { peer } = await joined(hub);
  const members = [];
  for (let i = 0; i < 3; i++) members.push(await joined(hub));
  presenceOf(hub, peer);
  for (const { peer } of members) peer.far.drop();
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [
    [members[0]!.id],
  ]);
  const { start } = await hub.start(member(undefined, members[0]!.session));
  assertEquals(start.resumed, false);
  const again = await hub.start(member(undefined, members[1]!.session));
  assert(again.start.resumed);
});

Deno.test("300 dropped connections with presence in many topics leave at limits.sessions", async () => {
  await using hub = limited({ sessions: 50 });
  const topics = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`t${i}`, { presence: true }]),
  );
  for (let i = 0; i < 300; i++) (await hub.v1({ topics })).far.drop();
  hub.flush();
  for (const name of Object.keys(topics)) {
    assertEquals(hub.hub.topic(name).presence.size, 50);
  }
});
