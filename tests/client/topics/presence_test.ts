import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import {
  type AnyFrame,
  caught,
  handshake,
  harness,
  settle,
} from "../harness.ts";

Deno.test("sends presence that was set before the subscription after it", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  const set = room.presence.set({ name: "Ada" });
  const { hello, frames } = handshake(h.net.last);
  assertEquals(hello.topics["room:1"], {});
  assertEquals(frames, [{
    type: "presence",
    id: 1,
    topic: "room:1",
    data: { name: "Ada" },
  }]);
  h.net.last.emit({ type: "ack", id: 1 });
  await set;
});

Deno.test("repeats the acknowledged presence with each hello", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const set = room.presence.set();
  assertEquals(h.net.last.take(), [{
    type: "presence",
    id: 1,
    topic: "room:1",
    data: null,
  }]);
  h.net.last.emit({ type: "ack", id: 1 });
  await set;
  h.client.reconnect();
  const { hello, frames } = handshake(h.net.last);
  assertEquals(hello.topics["room:1"], {
    epoch: "e1",
    offset: 0,
    presence: true,
    data: null,
  });
  assertEquals(frames, []);
});

Deno.test("sends the newest unacknowledged presence again after a reconnect", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const sets = [room.presence.set(1), room.presence.set(2)];
  assertEquals((h.net.last.take() as AnyFrame[]).map(({ data }) => data), [
    1,
    2,
  ]);
  h.net.last.drop();
  await settle();
  sets.push(room.presence.set(3));
  h.clock.tick(500);
  const { frames } = handshake(h.net.last);
  assertEquals(frames.map(({ type, data }) => [type, data]), [["presence", 3]]);
  h.net.last.emit({ type: "ack", id: frames[0].id });
  await Promise.all(sets);
});

Deno.test("an ack of replaced data does not settle the newer data", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  let done = false;
  room.presence.set(1);
  const set = room.presence.set(2).then(() => done = true);
  h.net.last.emit({ type: "ack", id: 1 });
  await settle();
  assertEquals(done, false);
  h.net.last.emit({ type: "ack", id: 2 });
  await set;
});

Deno.test("rejects data that the server refuses, and does not repeat it", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const set = room.presence.set("x".repeat(2_000));
  h.net.last.emit({ type: "error", id: 1, code: "large", message: "too much" });
  assertEquals((await assertRejects(() => set, DrumbeatError)).code, "large");
  h.client.reconnect();
  assertEquals(handshake(h.net.last).hello.topics["room:1"], {
    epoch: "e1",
    offset: 0,
  });
});

Deno.test("a closed topic rejects presence with closed", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  const waiting = room.presence.set(1);
  room.close();
  for (const set of [waiting, room.presence.set(2)]) {
    assertEquals(
      (await assertRejects(() => set, DrumbeatError)).code,
      "closed",
    );
  }
});

Deno.test("members join, change and leave; a snapshot replaces all members", () => {
  using h = harness();
  const { presence } = h.client.topic("lobby");
  const news: unknown[] = [];
  const stop = presence.on((change) => news.push(change));
  handshake(h.net.last);
  const emit = (frame: object): void =>
    h.net.last.emit({ type: "presence", topic: "lobby", ...frame });
  const [ada, bob] = [{ peer: "ada", data: 1 }, { peer: "bob", data: null }];
  emit({ snapshot: true, join: [ada, bob] });
  emit({ join: [{ peer: "ada", data: 2 }, bob], leave: ["nobody"] });
  emit({ leave: ["bob"] });
  emit({ snapshot: true, join: [bob] });
  const topic = "lobby";
  assertEquals(news, [
    { topic, join: [ada, bob], leave: [], count: 2 },
    { topic, join: [{ peer: "ada", data: 2 }], leave: [], count: 2 },
    { topic, join: [], leave: ["bob"], count: 1 },
    { topic, join: [bob], leave: ["ada"], count: 1 },
  ]);
  assertEquals([...presence.members], [["bob", null]]);
  emit({ count: 1_200 });
  assertEquals([presence.members.size, presence.count], [0, 1_200]);
  stop();
  emit({ snapshot: true, join: [ada] });
  assertEquals([news.length, presence.count], [5, 1]);
});

Deno.test("ignores invalid members, and presence of a topic without a subscription", () => {
  using h = harness();
  const { presence } = h.client.topic("lobby");
  handshake(h.net.last);
  h.net.last.emit({
    type: "presence",
    topic: "lobby",
    join: [null, 1, {}, { peer: 1 }],
    leave: [null, {}],
  });
  h.net.last.emit({
    type: "presence",
    topic: "other",
    join: [{ peer: "ada", data: 1 }],
  });
  assertEquals([presence.count, h.client.state], [0, "open"]);
});

Deno.test("reports a presence handler that throws, and calls the others", () => {
  using h = harness();
  const { presence } = h.client.topic("lobby");
  let calls = 0;
  presence.on(() => {
    throw new Error("handler");
  });
  presence.on(() => calls++);
  handshake(h.net.last);
  const errors = caught(() =>
    h.net.last.emit({
      type: "presence",
      topic: "lobby",
      join: [{ peer: "ada", data: 1 }],
    })
  );
  assertEquals([errors.length, calls], [1, 1]);
});

Deno.test("applies a list in parts once its last part has arrived", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const emit = (frame: object) =>
    h.net.last.emit({ type: "presence", topic: "room:1", ...frame });
  const member = (peer: string) => ({ peer, data: null });
  emit({ snapshot: true, join: [member("a"), member("b")] });
  const changes: AnyFrame[] = [];
  room.presence.on((change) => changes.push(change));
  emit({ snapshot: true, more: true, join: [member("b")] });
  emit({
    snapshot: true,
    part: 1,
    more: true,
    join: [member("c"), member("d")],
  });
  assertEquals([...room.presence.members.keys()], ["a", "b"]);
  emit({ snapshot: true, part: 2, join: [member("e")], leave: ["d"] });
  assertEquals([...room.presence.members.keys()].sort(), ["b", "c", "e"]);
  assertEquals(changes, [{
    topic: "room:1",
    join: [member("c"), member("e")],
    leave: ["a"],
    count: 3,
  }]);
});

Deno.test("a list that starts again, and the end of the connection, drop the parts before", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const emit = (frame: object) =>
    h.net.last.emit({ type: "presence", topic: "room:1", ...frame });
  const list = (peer: string, more?: true, part?: number) =>
    emit({
      snapshot: true,
      join: [{ peer, data: null }],
      ...(more === undefined ? {} : { more }),
      ...(part === undefined ? {} : { part }),
    });
  list("a", true);
  list("b", true);
  list("c", undefined, 1);
  assertEquals([...room.presence.members.keys()], ["b", "c"]);
  list("d", true);
  emit({ count: 1_200 });
  list("e", undefined, 1);
  assertEquals([room.presence.members.size, room.presence.count], [0, 1_200]);
  list("f", true);
  h.client.reconnect();
  handshake(h.net.last);
  list("g", undefined, 1);
  assertEquals(room.presence.members.size, 0);
  list("h");
  assertEquals([...room.presence.members.keys()], ["h"]);
});
