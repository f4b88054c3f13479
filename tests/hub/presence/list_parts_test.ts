import { assert, assertEquals } from "@std/assert";
import { utf8Length } from "../../../messages.ts";
import { type InMemory, inMemory, type TestPeer } from "../in_memory.ts";
import { joined, member, presenceOf, readList } from "./members.ts";

const DATA = "ü".repeat(450);
const MEMBERS = 300;

/** Connects a crowd whose list has several parts. */
async function crowd(hub: InMemory, count = MEMBERS): Promise<TestPeer[]> {
  const peers: TestPeer[] = [];
  for (let i = 0; i < count; i++) peers.push(await hub.v1(member(DATA)));
  hub.flush();
  return peers;
}

/** Applies the parts of a list as a client does. */
function apply(
  view: Map<string, unknown>,
  frames: ReturnType<TestPeer["read"]>,
) {
  for (const { snapshot, part, join = [], leave = [] } of frames) {
    if (snapshot && part === undefined) view.clear();
    for (const { peer, data } of join) view.set(peer, data);
    for (const peer of leave) view.delete(peer);
  }
}

Deno.test("a large list is sent in parts of at most 64 KiB, each after the peer has read the earlier ones", async () => {
  await using hub = inMemory();
  await crowd(hub);
  const { peer } = await hub.start(member(DATA));
  hub.flush();
  const first = peer.far.received.filter((data) =>
    typeof data === "string" && data.startsWith(`{"type":"presence"`)
  );
  const sizes = first.map((data) => utf8Length(data as string));
  assert(sizes.length < 4, `${sizes}`);
  assert(Math.max(...sizes) <= 64 * 1024, `${sizes}`);
  assert(Math.max(...sizes) > 48 * 1024, `${sizes}`);
  const frames = peer.readType("presence");
  let last = frames.at(-1);
  while (last.more) {
    peer.send({ type: "pong" });
    frames.push(...presenceOf(hub, peer));
    last = frames.at(-1);
  }
  assertEquals(frames.map(({ part }) => part), [
    undefined,
    ...frames.slice(1).map((_, i) => i + 1),
  ]);
  assert(frames.length > 3);
  assert(frames.every(({ snapshot }) => snapshot));
  assertEquals(
    new Set(
      frames.flatMap(({ join }) =>
        join.map((one: { peer: string }) => one.peer)
      ),
    ),
    new Set(hub.hub.topic("room").presence.keys()),
  );
});

Deno.test("members that change while a list is sent arrive with its last part", async () => {
  await using hub = inMemory();
  const peers = await crowd(hub);
  const { peer } = await hub.start(member(DATA));
  const view = new Map<string, unknown>();
  apply(view, presenceOf(hub, peer));
  assert(view.size < MEMBERS);
  // One of the first part and one of the last, and a member that was not there.
  peers[0]!.far.close(1000);
  peers.at(-1)!.far.close(1000);
  peers[1]!.send({ type: "presence", id: 1, topic: "room", data: "first" });
  peers.at(-2)!.send({ type: "presence", id: 1, topic: "room", data: "last" });
  const late = await joined(hub, "late");
  const brief = await joined(hub, "brief");
  brief.peer.far.close(1000);
  let last;
  do {
    peer.send({ type: "pong" });
    const frames = presenceOf(hub, peer);
    apply(view, frames);
    last = frames.at(-1);
  } while (last.more);
  assertEquals(view, new Map(hub.hub.topic("room").presence));
  assertEquals(view.get(late.id), "late");
  // From now on it receives changes.
  late.peer.far.close(1000);
  assertEquals(presenceOf(hub, peer).map(({ leave }) => leave), [[late.id]]);
});

Deno.test("a list that too many changes overtake starts again", async () => {
  await using hub = inMemory();
  await crowd(hub);
  const { peer } = await hub.start(member(DATA));
  presenceOf(hub, peer);
  for (let i = 0; i < 1_001; i++) {
    const brief = await hub.v1(member());
    hub.flush();
    brief.far.close(1000);
  }
  const view = new Map<string, unknown>();
  peer.send({ type: "pong" });
  const frames = presenceOf(hub, peer);
  assertEquals(frames[0].part, undefined);
  apply(view, frames);
  peer.send({ type: "pong" });
  apply(view, [{ join: readList(hub, peer) }]);
  assertEquals(view, new Map(hub.hub.topic("room").presence));
});

Deno.test("a change that does not fit into a frame is sent as a list", async () => {
  await using hub = inMemory();
  const ada = await joined(hub);
  for (let i = 0; i < MEMBERS; i++) await hub.v1(member(DATA));
  const frames = presenceOf(hub, ada.peer);
  assert(frames[0].snapshot && frames[0].more);
  ada.peer.send({ type: "pong" });
  const rest = readList(hub, ada.peer);
  const listed = frames.flatMap(({ join }) => join).concat(rest);
  assertEquals(listed.length, MEMBERS + 1);
});

Deno.test("a reader of large lists that acknowledges batches stays connected on a slow line", async () => {
  await using hub = inMemory();
  await crowd(hub, 900);
  const { peer } = await hub.start(member(DATA));
  const { near } = peer.far;
  hub.hub.topic("room").publish({ type: "chat", text: "x".repeat(70_000) });
  hub.flush();
  // The transport holds everything that was sent: the line is slow.
  near.bufferedAmount = peer.far.received.reduce(
    (sum, data) => sum + utf8Length(data as string),
    0,
  );
  peer.send({ type: "ack", frames: 1 });
  assertEquals(peer.closed, undefined);
});
