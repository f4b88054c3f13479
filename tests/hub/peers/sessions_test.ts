import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { Store } from "../../../hub/log/store.ts";
import { PROTOCOL } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import { type InMemory, inMemory, type TestPeer } from "../in_memory.ts";

const publish = (id: number, text = `${id}`) => ({
  type: "publish",
  id,
  topic: "lobby",
  message: { type: "chat", text },
});

/** Connects a peer that publishes a message and is then disconnected. */
async function disconnected(hub: InMemory) {
  const { peer, start } = await hub.start();
  peer.send(publish(1));
  hub.flush();
  peer.far.drop();
  const { epoch } = start.topics.lobby;
  return { session: start.session, id: start.peer, epoch, peer };
}

Deno.test("resumes a session with the same public id and the missed records", async () => {
  await using hub = inMemory();
  const { session, id, epoch } = await disconnected(hub);
  hub.hub.broadcast({ type: "chat", text: "missed" });
  hub.flush();
  hub.clock.advance(119_000);
  const { peer, start } = await hub.start({
    session,
    topics: { lobby: { epoch, offset: 1 } },
  });
  assertEquals([start.resumed, start.session, start.peer], [true, session, id]);
  assertEquals(start.topics.lobby, {
    epoch,
    offset: 1,
    recovered: true,
    head: 2,
  });
  hub.flush();
  assertEquals(peer.read()[0].messages[0].message.text, "missed");
  assertEquals(hub.opened.map(({ resumed, id }) => [resumed, id]), [
    [false, id],
    [true, id],
  ]);
});

Deno.test("gives a client with an expired session a new one", async () => {
  await using hub = inMemory();
  const { session, id } = await disconnected(hub);
  hub.clock.advance(120_000);
  const { start } = await hub.start({ session });
  assertEquals(start.resumed, false);
  assertNotEquals(start.session, session);
  assertNotEquals(start.peer, id);
});

Deno.test("the sessions' time to live is an option", async () => {
  await using hub = inMemory({ sessionMs: 1_000 });
  const { session } = await disconnected(hub);
  hub.clock.advance(999);
  const { peer, start } = await hub.start({ session });
  assertEquals(start.resumed, true);
  peer.far.drop();
  hub.clock.advance(1_000);
  assertEquals((await hub.start({ session })).start.resumed, false);
});

Deno.test("does not resume an unknown or malformed session", async () => {
  await using hub = inMemory();
  const { start: { session: other } } = await hub.start();
  for (
    const session of [
      "",
      "x",
      "__proto__",
      other.slice(0, -1) + "!",
      "A".repeat(12) + "." + "B".repeat(24),
    ]
  ) {
    const { start } = await hub.start({ session });
    assertEquals(start.resumed, false, session);
    assertNotEquals(start.session, session);
  }
});

Deno.test("does not resume a session by its public id", async () => {
  await using hub = inMemory();
  const { id } = await disconnected(hub);
  assertEquals((await hub.start({ session: id })).start.resumed, false);
});

Deno.test("closes the older connection of a session with 4505, and ignores its frames", async () => {
  await using hub = inMemory();
  const older = await hub.start();
  older.peer.send(publish(1));
  hub.flush();
  const newer = await hub.start({ session: older.start.session });
  assertEquals(older.peer.closed?.code, 4505);
  assertEquals(newer.start.resumed, true);
  older.peer.send(publish(2));
  hub.flush();
  assertEquals(hub.hub.topic("lobby").bounds?.head, 1);
  assertEquals(hub.hub.peers.size, 1);
});

Deno.test("the end of the older connection does not detach the session", async () => {
  await using hub = inMemory({ sessionMs: 5_000 });
  const older = await hub.start();
  const { session } = older.start;
  const newer = await hub.v1({ session });
  older.peer.far.close(4505);
  hub.clock.advance(6_000);
  newer.far.drop();
  assertEquals((await hub.start({ session })).start.resumed, true);
});

Deno.test("of two connections that resume at the same time, one has the session", async () => {
  await using hub = inMemory();
  const { session } = await disconnected(hub);
  const [a, b] = [hub.connect(PROTOCOL), hub.connect(PROTOCOL)];
  for (const peer of [a, b]) peer.send({ type: "hello", session });
  await b.until("start");
  assertEquals(a.closed?.code, 4505);
  assertEquals(b.closed, undefined);
  hub.clock.advance(1_000);
  b.far.drop();
  assertEquals((await hub.start({ session })).start.resumed, true);
});

Deno.test("a session whose connection closes during the handshake can be resumed", async () => {
  await using hub = inMemory();
  const { session } = await disconnected(hub);
  const hasty = hub.connect(PROTOCOL);
  hasty.send({ type: "hello", session });
  hasty.far.drop();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals((await hub.start({ session })).start.resumed, true);
});

Deno.test("closes the connection of a session that another hub claimed with 4505", async () => {
  let store: DeepStore;
  await using hub = inMemory({}, (clock) => store = new DeepStore(clock));
  const { peer, start } = await hub.start();
  store!.sink.claimed(start.session);
  assertEquals(peer.closed?.code, 4505);
  store!.sink.claimed(start.session);
  assertEquals(hub.closed.length, 1);
});

Deno.test("closes a connection whose session the store fails to claim with 1011, and reports it", async () => {
  let store: DeepStore;
  await using hub = inMemory({}, (clock) => store = new DeepStore(clock));
  const { session } = await disconnected(hub);
  store!.claim = () => {
    throw new Error("The disk failed");
  };
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello", session });
  assertEquals((await peer.untilClosed()).code, 1011);
  assertEquals(hub.errors.map(({ stage }) => stage), ["hello"]);
});

Deno.test("answers a repeated publish with the same offset, without another record", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  for (const text of ["first", "second", "third"]) {
    peer.send(publish(5, text));
    hub.flush();
  }
  const frames = peer.read();
  const acks = frames.filter(({ type }) => type === "ack");
  assertEquals(acks.map(({ id, offset }) => [id, offset]), [[5, 0], [5, 0], [
    5,
    0,
  ]]);
  const batches = frames.filter(({ type }) => type === "batch");
  assertEquals(batches.map(({ messages }) => messages[0].message.text), [
    "first",
  ]);
});

Deno.test("stores a publish once that is repeated after a resume", async () => {
  await using hub = inMemory();
  const { session } = await disconnected(hub);
  const { peer } = await hub.start({ session });
  peer.send(publish(1));
  peer.send(publish(2));
  hub.flush();
  assertEquals(peer.readType("ack").map(({ id, offset }) => [id, offset]), [[
    1,
    0,
  ], [2, 1]]);
  assertEquals(hub.hub.topic("lobby").bounds?.head, 2);
});

Deno.test("stores a publish once that is repeated while the first is pending", async () => {
  await using hub = inMemory();
  const older = await hub.start();
  older.peer.send(publish(1));
  const newer = await hub.start({ session: older.start.session });
  newer.peer.send(publish(1));
  hub.flush();
  assertEquals(newer.peer.readType("ack").map(({ offset }) => offset), [0]);
  assertEquals(hub.hub.topic("lobby").bounds?.head, 1);
});

Deno.test("two sessions may use the same ids", async () => {
  await using hub = inMemory();
  const [a, b] = [await hub.v1(), await hub.v1()];
  for (const peer of [a, b]) peer.send(publish(1));
  hub.flush();
  assertEquals(a.readType("ack")[0].offset, 0);
  assertEquals(b.readType("ack")[0].offset, 1);
});

Deno.test("keeps the outcomes of the last 256 publishes; earlier ones are indeterminate", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  for (let id = 1; id <= 257; id++) {
    peer.send(publish(id));
    hub.flush();
  }
  peer.read();
  for (const id of [1, 2]) peer.send(publish(id));
  hub.flush();
  const answers = peer.read().map((
    { id, code, offset },
  ) => [id, code ?? offset]);
  assertEquals(answers, [[1, "indeterminate"], [2, 1]]);
  assert(hub.hub.topic("lobby").bounds?.head === 257);
});

Deno.test("accepts a refused publish again with the same id", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  peer.send({ ...publish(1), message: { type: "" } });
  assertEquals(peer.read()[0].code, "invalid");
  peer.send(publish(1));
  hub.flush();
  assertEquals(peer.readType("ack").map(({ offset }) => offset), [0]);
});

/** Creates a hub whose store answers claims when a test requires it. */
function slowToClaim(): {
  readonly hub: InMemory;
  readonly claims: PromiseWithResolvers<void>[];
} {
  const claims: PromiseWithResolvers<void>[] = [];
  const hub = inMemory({ sessionMs: 1_000 }, (clock) => {
    const store: Store = new MemoryStore(clock, { sessionMs: 1_000 });
    const claim = store.claim.bind(store);
    store.claim = (session) => {
      const known = claim(session);
      const answer = Promise.withResolvers<void>();
      claims.push(answer);
      return answer.promise.then(() => known);
    };
    return store;
  });
  return { hub, claims };
}

/** Connects a peer that requests a session and has no reply yet. */
function claiming(hub: InMemory, session: string): TestPeer {
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello", session });
  return peer;
}

Deno.test("a session whose connection closes during a successful claim does not expire", async () => {
  const { hub, claims } = slowToClaim();
  await using _hub = hub;
  const { peer, start: { session } } = await hub.start();
  const next = claiming(hub, session);
  peer.far.drop();
  claims.shift()!.resolve();
  assertEquals((await next.until("start")).at(-1).resumed, true);
  hub.clock.advance(5_000);
  const third = claiming(hub, session);
  claims.shift()!.resolve();
  assertEquals((await third.until("start")).at(-1).resumed, true);
});

Deno.test("a session whose connection closes during a failed claim expires", async () => {
  const { hub, claims } = slowToClaim();
  await using _hub = hub;
  const { peer, start: { session } } = await hub.start();
  const next = claiming(hub, session);
  peer.far.drop();
  claims.shift()!.reject(new Error("The store is away"));
  await next.untilClosed();
  hub.clock.advance(1_000);
  const third = claiming(hub, session);
  claims.shift()!.resolve();
  assertEquals((await third.until("start")).at(-1).resumed, false);
});
