import { assertEquals } from "@std/assert";
import type { Allow } from "../../../hub/access/allow.ts";
import { inMemory } from "../in_memory.ts";
import { hubOf, settle } from "./authorized_hub.ts";

const chat = { type: "chat", text: "hi" };

/** A rule that decides when the test settles it. */
class Decisions {
  readonly topics: string[] = [];
  #waiting: PromiseWithResolvers<boolean>[] = [];

  readonly rule = (_peer: unknown, topic: string): Promise<boolean> => {
    this.topics.push(topic);
    const decision = Promise.withResolvers<boolean>();
    this.#waiting.push(decision);
    return decision.promise;
  };

  next(): PromiseWithResolvers<boolean> {
    return this.#waiting.shift()!;
  }
}

/** Returns the type and the code, or the offset, of each answer to an id. */
function answers(frames: readonly Record<string, unknown>[]): unknown[] {
  return frames.filter(({ id }) => id !== undefined)
    .map(({ id, type, code }) => code ?? `${type} ${id}`);
}

Deno.test("frames behind one that an async rule decides about wait for it, and keep their order", async () => {
  const publish = new Decisions();
  await using world = inMemory({ allow: { publish: publish.rule } });
  const peer = await world.v1({ topics: {} });
  const other = await world.v1({ topics: {} });
  for (const id of [1, 2]) {
    peer.send({ type: "publish", id, topic: `room:${id}`, message: chat });
  }
  peer.send({ type: "subscribe", id: 3, topic: "lobby" });
  await settle(world);
  assertEquals(publish.topics, ["room:1"]);
  assertEquals(answers(peer.read()), []);
  // Another peer does not wait.
  other.send({ type: "subscribe", id: 1, topic: "lobby" });
  assertEquals(answers(other.read()), ["subscribed 1"]);
  publish.next().resolve(true);
  await settle(world);
  world.flush();
  assertEquals(publish.topics, ["room:1", "room:2"]);
  assertEquals(answers(peer.read()), ["ack 1"]);
  publish.next().resolve(false);
  await settle(world);
  assertEquals(answers(peer.read()), ["forbidden", "subscribed 3"]);
});

Deno.test("a rule that rejects or does not decide in time refuses with unavailable, and is reported", async () => {
  const subscribe = new Decisions();
  await using world = inMemory({ allow: { subscribe: subscribe.rule } });
  const peer = await world.v1({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "a" });
  subscribe.next().reject(new Error("no database"));
  await settle(world);
  peer.send({ type: "subscribe", id: 2, topic: "b" });
  await settle(world);
  world.clock.advance(5_000);
  await settle(world);
  assertEquals(answers(peer.read()), ["unavailable", "unavailable"]);
  assertEquals(
    world.errors.map((
      { error, stage },
    ) => [(error as Error).message, stage]),
    [
      ["no database", "authorize"],
      ["A rule of 'allow' has not decided within 5000 ms", "authorize"],
    ],
  );
});

Deno.test("async rules decide about a hello, a history, presence and the lobby of plain peers", async () => {
  const rule: Allow["subscribe"] = (_peer, topic) =>
    Promise.resolve(topic !== "secret");
  await using world = inMemory({ allow: { subscribe: rule } });
  const { peer, start } = await world.start({
    topics: { lobby: {}, secret: {} },
  });
  assertEquals(
    Object.entries(start.topics as Record<string, { error?: string }>).map((
      [name, { error }],
    ) => [name, error]),
    [["lobby", undefined], ["secret", "forbidden"]],
  );
  peer.send({ type: "history", id: 1, topic: "secret", from: 0, limit: 1 });
  peer.send({ type: "history", id: 2, topic: "lobby", from: 0, limit: 1 });
  peer.send({ type: "presence", id: 3, topic: "lobby", data: 1 });
  await settle(world);
  assertEquals(
    answers(peer.read()).toSorted(),
    ["ack 3", "forbidden", "reply 2"],
  );
  const plain = world.connect("");
  await settle(world);
  void world.hub.broadcast(chat);
  world.flush();
  assertEquals(plain.read().map(({ type }) => type), ["start", "chat"]);
});

Deno.test("a renewed token applies async rules to the open subscriptions", async () => {
  const allow = {
    subscribe: (_peer: unknown, topic: string) =>
      Promise.resolve(topic === "b"),
  };
  await using world = hubOf({ ada: {}, less: { user: "ada", allow } });
  const peer = await world.v1({ token: "ada", topics: { a: {}, b: {} } });
  peer.send({ type: "renew", id: 1, token: "less" });
  await settle(world);
  assertEquals(
    peer.read().filter(({ type }) => type === "unsubscribed").map((
      { topic, code },
    ) => [topic, code]),
    [["a", "forbidden"]],
  );
});

Deno.test("messages that wait for a rule end with their connection", async () => {
  const publish = new Decisions();
  await using world = inMemory({ allow: { publish: publish.rule } });
  const peer = await world.v1({ topics: {} });
  for (const id of [1, 2]) {
    peer.send({ type: "publish", id, topic: "room", message: chat });
  }
  peer.far.drop();
  publish.next().resolve(true);
  await settle(world);
  world.flush();
  assertEquals(publish.topics, ["room"]);
  assertEquals(world.hub.stats().committed, 0);
});

Deno.test("an observer whose functions reject does not end the process, and does not stop the hub", async () => {
  const rejects = () => Promise.reject(new Error("observer")) as never;
  await using world = inMemory();
  world.hub.observe({
    start: rejects,
    opened: rejects,
    closed: rejects,
    refused: rejects,
    failed: rejects,
    store: rejects,
    draining: rejects,
    ended: rejects,
    answered: rejects,
    flushed: rejects,
    roundTrip: rejects,
  });
  const peer = await world.v1();
  void world.hub.broadcast(chat);
  world.flush();
  peer.far.drop();
  await settle(world);
  assertEquals(world.hub.stats().committed, 1);
});
