import { assertEquals } from "@std/assert";
import type { Grant } from "../../../hub/access/authorize.ts";
import type { Allow } from "../../../hub/access/allow.ts";
import { DeepStore } from "../deep_store.ts";
import { type AnyFrame, inMemory } from "../in_memory.ts";
import { hubOf, settle } from "../access/authorized_hub.ts";

Deno.test("a renewal extends the grant and updates the peer's data", async () => {
  const grants: Record<string, Partial<Grant>> = {};
  await using world = hubOf(grants);
  const { clock } = world;
  grants.old = { user: "ada", expiresAt: clock.time() + 10_000, auth: 1 };
  const { peer, start } = await world.start({ token: "old" });
  clock.advance(5_000);
  grants.new = { user: "ada", expiresAt: clock.time() + 60_000, auth: 2 };
  peer.send({ type: "renew", id: 1, token: "new" });
  assertEquals(await peer.until("ack"), [{
    type: "ack",
    id: 1,
    expiresMs: 60_000,
  }]);
  const { peer: renewing, token, cookie } = world.requests.at(-1)!;
  assertEquals([renewing?.id, token, cookie], [start.peer, "new", undefined]);
  assertEquals(world.opened[0]?.auth, 2);
  clock.advance(15_000);
  assertEquals(peer.closed, undefined);
  // A grant without an end has no expiresMs.
  grants.endless = { user: "ada" };
  peer.send({ type: "renew", id: 2, token: "endless" });
  const frames = await peer.until("ack");
  assertEquals(frames.at(-1), { type: "ack", id: 2 });
  assertEquals([world.opened.length, world.closed], [1, []]);
});

Deno.test("answers a renewal with a wrong token with an error, and keeps the earlier grant", async () => {
  const grants: Record<string, Partial<Grant>> = {};
  await using world = hubOf(grants);
  grants.ada = { expiresAt: world.clock.time() + 10_000 };
  const peer = await world.v1({ token: "ada" });
  peer.send({ type: "renew", id: 1, token: "no" });
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [1, "unauthenticated"]);
  world.clock.advance(9_000);
  assertEquals(peer.closed, undefined);
  world.clock.advance(2_000);
  assertEquals(peer.closed?.code, 4501);
});

Deno.test("closes with 4503 after a renewal with a token of another user or a forbidden one", async () => {
  await using world = hubOf({ ada: {}, bob: {}, banned: "forbidden" });
  for (const token of ["bob", "banned"]) {
    const peer = await world.v1({ token: "ada" });
    peer.send({ type: "renew", id: 1, token });
    assertEquals((await peer.untilClosed()).code, 4503);
  }
});

Deno.test("answers a renewal with unavailable when authorize fails, and with limit while another renewal is pending", async () => {
  let answer: () => Grant | Promise<Grant> = () => ({ user: "ada" });
  await using world = inMemory({ authorize: () => answer() });
  const peer = await world.v1({});
  const { promise, reject } = Promise.withResolvers<Grant>();
  answer = () => promise;
  peer.send({ type: "renew", id: 1, token: "a" });
  peer.send({ type: "renew", id: 2, token: "b" });
  const [limit] = await peer.until("error");
  assertEquals([limit.id, limit.code], [2, "limit"]);
  reject(new Error("offline"));
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [1, "unavailable"]);
  answer = () => ({ user: "ada" });
  peer.send({ type: "renew", id: 3, token: "c" });
  assertEquals((await peer.until("ack")).at(-1).id, 3);
});

Deno.test("a renewal that succeeds after the old grant expired does not reopen the connection", async () => {
  const { promise, resolve } = Promise.withResolvers<Grant>();
  let answer: () => Grant | Promise<Grant> = () => promise;
  await using world = inMemory({ authorize: () => answer() });
  const { clock } = world;
  answer = () => ({ user: "ada", expiresAt: clock.time() + 1_000 });
  const peer = await world.v1({});
  answer = () => promise;
  peer.send({ type: "renew", id: 1, token: "new" });
  clock.advance(3_000);
  assertEquals(peer.closed?.code, 4501);
  resolve({ user: "ada", auth: "late" });
  await settle(world);
  assertEquals(peer.readType("ack"), []);
  assertEquals([world.hub.peers.size, world.opened[0]?.auth], [0, undefined]);
});

Deno.test("answers a renewal with unsupported without authorize", async () => {
  await using world = inMemory();
  const { peer } = await world.start({ token: "anything" });
  peer.send({ type: "renew", id: 1, token: "anything" });
  assertEquals(peer.read().map(({ code }) => code), ["unsupported"]);
  assertEquals([world.opened[0]?.user, world.opened[0]?.auth], [
    undefined,
    undefined,
  ]);
});

Deno.test("a renewal with fewer rights unsubscribes from forbidden topics before its ack", async () => {
  const topics = { lobby: {}, "room:1": { presence: true }, "room:2": {} };
  await using world = hubOf({
    all: { user: "ada" },
    few: { user: "ada", allow: { subscribe: ["lobby"], publish: [] } },
  });
  const watcher = await world.v1({
    token: "all",
    topics: { "room:1": { presence: true } },
  });
  const { peer } = await world.start({ token: "all", topics });
  const own = [...world.hub.peers].at(-1)!;
  const direct = own.send({ type: "chat", text: "you" });
  world.flush();
  await direct;
  peer.read();
  watcher.read();
  peer.send({ type: "renew", id: 1, token: "few" });
  const frames = await peer.until("ack");
  assertEquals(frames, [
    { type: "unsubscribed", topic: "room:1", code: "forbidden" },
    { type: "unsubscribed", topic: "room:2", code: "forbidden" },
    { type: "ack", id: 1 },
  ]);
  world.flush();
  assertEquals(watcher.readType("presence").map(({ leave }) => leave.length), [
    1,
  ]);
  const chat = { type: "chat", text: "hi" };
  for (const topic of ["lobby", "room:1", "room:2"]) {
    void world.hub.topic(topic).publish(chat);
  }
  void own.send(chat);
  world.flush();
  assertEquals(
    peer.readType("batch").map(({ topic }: AnyFrame) => topic).toSorted(),
    [`$peer/${own.id}`, "lobby"],
  );
  peer.send({ type: "publish", id: 2, topic: "lobby", message: chat });
  peer.send({ type: "subscribe", id: 3, topic: "room:1" });
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [
    [2, "forbidden"],
    [3, "forbidden"],
  ]);
  // A resume is authorized with its own token.
  peer.far.close(4000);
  const { start } = await world.start({ token: "few", topics });
  assertEquals(start.topics["room:1"], { error: "forbidden" });
});

Deno.test("a renewal with fewer rights prevents a subscribe whose log is still opening", async () => {
  let store: DeepStore;
  let allow: Allow = {};
  await using world = inMemory(
    { authorize: () => ({ user: "ada", allow }) },
    (clock) => store = new DeepStore(clock, { slowToOpen: true }),
  );
  const peer = await world.v1({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "room" });
  allow = { subscribe: [] };
  peer.send({ type: "renew", id: 2, token: "few" });
  await peer.until("ack");
  await store!.answer();
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [
    [1, "forbidden"],
  ]);
  assertEquals(world.hub.topic("room").subscribers.size, 0);
});
