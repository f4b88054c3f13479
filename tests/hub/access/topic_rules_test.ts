import { assertEquals } from "@std/assert";
import { inMemory } from "../in_memory.ts";
import { hubOf, settle } from "./authorized_hub.ts";

Deno.test("answers every use of a topic that rules forbid with forbidden, and creates no topic", async () => {
  await using world = inMemory({
    allow: { subscribe: ["lobby", "room:*"], publish: ["room:*"] },
  });
  const { peer, start } = await world.start({
    topics: { lobby: {}, secret: {}, "room:1": {}, "bad\n": {} },
  });
  assertEquals(
    Object.entries(start.topics as Record<string, { error?: string }>).map((
      [name, { error }],
    ) => [name, error]),
    [
      ["lobby", undefined],
      ["room:1", undefined],
      ["secret", "forbidden"],
      ["bad\n", "invalid"],
    ],
  );
  const chat = { type: "chat", text: "hi" };
  peer.send({ type: "subscribe", id: 1, topic: "secret" });
  peer.send({ type: "publish", id: 2, topic: "lobby", message: chat });
  peer.send({ type: "publish", id: 3, topic: "secret", message: chat });
  peer.send({ type: "presence", id: 4, topic: "secret", data: 1 });
  peer.send({ type: "history", id: 5, topic: "secret", from: 0, limit: 1 });
  peer.send({ type: "publish", id: 6, topic: "a\n", message: chat });
  peer.send({ type: "publish", id: 7, topic: "room:1", message: chat });
  await settle(world);
  const answers = new Map<number, string>();
  for (const { type, id, code } of peer.read()) {
    if (type === "error") answers.set(id, code);
    if (type === "ack") answers.set(id, "ack");
  }
  assertEquals([...answers].toSorted(([a], [b]) => a - b), [
    [1, "forbidden"],
    [2, "forbidden"],
    [3, "forbidden"],
    [4, "absent"],
    [5, "forbidden"],
    [6, "invalid"],
    [7, "ack"],
  ]);
  assertEquals(world.hub.stats().topics, 2);
  // The rules do not apply to the program.
  const published = world.hub.topic("secret").publish(chat);
  world.flush();
  assertEquals(await published, 0);
  const plain = world.plain();
  plain.send(chat);
  assertEquals(plain.read().map(({ code }) => code), ["forbidden"]);
});

Deno.test("a plain peer that may not subscribe to the lobby receives an error and may publish", async () => {
  await using world = inMemory({ allow: { subscribe: [] } });
  const peer = world.connect("");
  const [start, error] = peer.read();
  assertEquals([start.type, error.code], ["start", "forbidden"]);
  peer.send({ type: "chat", text: "hi" });
  world.flush();
  assertEquals(peer.read(), []);
  assertEquals(world.hub.stats().committed, 1);
});

Deno.test("applies a changed rule to the next frame, and keeps subscriptions", async () => {
  const members = new Set(["room"]);
  await using world = inMemory({
    allow: { subscribe: (_peer, topic) => members.has(topic) },
  });
  const peer = await world.v1({ topics: { room: { presence: true } } });
  members.clear();
  peer.send({ type: "presence", id: 1, topic: "room", data: 1 });
  peer.send({ type: "history", id: 2, topic: "room", from: 0, limit: 1 });
  await settle(world);
  assertEquals(
    peer.readType("error").map(({ id, code }) => [id, code]),
    [[1, "forbidden"], [2, "forbidden"]],
  );
  void world.hub.topic("room").publish({ type: "chat", text: "hi" });
  world.flush();
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("calls a rule with the peer; a rule that throws refuses as unavailable and is reported", async () => {
  const calls: unknown[] = [];
  const ids = new Set<string>();
  await using world = hubOf({ ada: { auth: ["lobby"] } }, {
    allow: {
      subscribe({ id, auth }, topic) {
        ids.add(id);
        return (auth as string[]).includes(topic);
      },
      publish(peer, topic) {
        calls.push([peer.user, topic]);
        throw new Error("offline");
      },
    },
  });
  const { peer, start } = await world.start({
    token: "ada",
    topics: { lobby: {}, other: {} },
  });
  assertEquals(start.topics.other, { error: "forbidden" });
  assertEquals([...ids], [start.peer]);
  const message = { type: "chat", text: "hi" };
  peer.send({ type: "publish", id: 1, topic: "lobby", message });
  assertEquals(peer.read().map(({ code }) => code), ["unavailable"]);
  assertEquals(calls, [["ada", "lobby"]]);
  assertEquals(world.errors.map(({ stage }) => stage), ["authorize"]);
});

Deno.test("a grant's rules restrict those of the hub, and do not apply to the direct log", async () => {
  await using world = hubOf({ ada: { allow: { subscribe: ["room:*"] } } }, {
    allow: { subscribe: ["room:1", "lobby"] },
  });
  const { peer, start } = await world.start({
    token: "ada",
    topics: { "room:1": {}, "room:2": {}, lobby: {} },
  });
  const refused = Object.entries(
    start.topics as Record<string, { error?: string }>,
  ).filter(([, { error }]) => error === "forbidden").map(([name]) => name);
  assertEquals(refused.toSorted(), ["lobby", "room:2"]);
  const sent = [...world.hub.peers][0]!.send({ type: "chat", text: "you" });
  world.flush();
  await sent;
  assertEquals(peer.readType("batch").length, 1);
});
