import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError, type Topic } from "../../../client.ts";
import {
  type AnyFrame,
  batch,
  handshake,
  harness,
  settle,
  start,
  subscribed,
} from "../harness.ts";

function texts(topic: Topic): unknown[] {
  const seen: unknown[] = [];
  topic.on("chat", ({ text }) => seen.push(text));
  return seen;
}

Deno.test("a topic of the hello receives its records", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  const seen = texts(room);
  const subscribed = room.subscribed();
  handshake(h.net.last, {
    topics: { "room:1": { epoch: "e9", offset: 4, recovered: true, head: 6 } },
  });
  await subscribed;
  assertEquals([room.state, room.position], ["subscribed", {
    epoch: "e9",
    offset: 4,
  }]);
  h.net.last.emit(batch("room:1", 4, "a", "b"));
  assertEquals([seen, room.position], [["a", "b"], { epoch: "e9", offset: 6 }]);
  await room.subscribed();
});

Deno.test("a topic of an open client subscribes at once, at the given start", async () => {
  using h = harness();
  handshake(h.net.last);
  const room = h.client.topic("room:1", { last: 50 });
  const [frame] = h.net.last.take();
  assertEquals(frame, { type: "subscribe", id: 1, topic: "room:1", last: 50 });
  const seen = texts(room);
  // Before the answer: these records belong to an older subscription.
  h.net.last.emit(batch("room:1", 0, "early"));
  subscribed(h.net.last, frame, 7);
  h.net.last.emit(batch("room:1", 7, "a"));
  await room.subscribed();
  assertEquals([seen, h.client.state], [["a"], "open"]);
});

Deno.test("subscribed() resolves before the handlers of a record that follows at once", async () => {
  using h = harness();
  handshake(h.net.last);
  const room = h.client.topic("room:1");
  const order: string[] = [];
  room.subscribed().then(() => order.push("subscribed"));
  room.onAny(() => order.push("record"));
  subscribed(h.net.last, h.net.last.take()[0]);
  await Promise.resolve();
  h.net.last.emit(batch("room:1", 0, "a"));
  assertEquals(order, ["subscribed", "record"]);
});

Deno.test("a topic that is opened between hello and start subscribes after start", () => {
  using h = harness();
  h.net.last.accept();
  const [hello] = h.net.last.take();
  h.client.topic("room:1");
  assertEquals(h.net.last.take(), []);
  start(h.net.last, hello);
  assertEquals((h.net.last.take() as AnyFrame[])[0], {
    type: "subscribe",
    id: 1,
    topic: "room:1",
  });
});

Deno.test("a topic that is closed between hello and start unsubscribes after start", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  h.net.last.accept();
  const [hello] = h.net.last.take();
  let isSettled = false;
  const closing = room.close().then(() => isSettled = true);
  start(h.net.last, hello);
  const [frame] = h.net.last.take() as AnyFrame[];
  await settle();
  assertEquals([frame, isSettled], [
    { type: "unsubscribe", id: 1, topic: "room:1" },
    false,
  ]);
  h.net.last.emit({ type: "ack", id: 1 });
  await closing;
  assertEquals(room.state, "closed");
});

Deno.test("close() unsubscribes, and ignores the records that the server had sent before", async () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  const seen = texts(room);
  handshake(h.net.last, { limits: { windowBytes: 4 } });
  const closing = room.close();
  assertEquals(h.net.last.take(), [{
    type: "unsubscribe",
    id: 1,
    topic: "room:1",
  }]);
  h.net.last.emit(batch("room:1", 0, "a"));
  h.net.last.emit({ type: "gap", topic: "room:1", from: 3, to: 5 });
  assertEquals([seen, h.net.last.take(), h.client.state], [[], [{
    type: "ack",
    frames: 1,
  }], "open"]);
  h.net.last.emit({ type: "ack", id: 1 });
  await closing;
});

Deno.test("a topic that is opened again waits for the ack of the unsubscribe", async () => {
  using h = harness();
  const first = h.client.topic("room:1");
  const seenByFirst = texts(first);
  handshake(h.net.last);
  first.close();
  const second = h.client.topic("room:1", { last: 3 });
  const seen = texts(second);
  assertEquals(h.net.last.take(), [{
    type: "unsubscribe",
    id: 1,
    topic: "room:1",
  }]);
  h.net.last.emit(batch("room:1", 0, "old"));
  h.net.last.emit({ type: "ack", id: 1 });
  const [frame] = h.net.last.take();
  assertEquals(frame, { type: "subscribe", id: 2, topic: "room:1", last: 3 });
  subscribed(h.net.last, frame, 5);
  await second.subscribed();
  h.net.last.emit(batch("room:1", 5, "new"));
  assertEquals([seenByFirst, seen], [[], ["new"]]);
});

Deno.test("ends in the right state after three opens and closes before the first answer", async () => {
  using h = harness();
  handshake(h.net.last);
  const topics = [1, 2, 3].map((last) => {
    const topic = h.client.topic("room:1", { last });
    if (last < 3) topic.close();
    return topic;
  });
  const frames: AnyFrame[] = [];
  for (
    let [frame] = h.net.last.take() as AnyFrame[];
    frame !== undefined;
    [frame] = h.net.last.take() as AnyFrame[]
  ) {
    frames.push(frame);
    if (frame.type === "subscribe") subscribed(h.net.last, frame);
    else h.net.last.emit({ type: "ack", id: frame.id });
  }
  assertEquals(frames.map(({ type, last }) => [type, last]), [
    ["subscribe", 1],
    ["unsubscribe", undefined],
    ["subscribe", 3],
  ]);
  await topics[2]!.subscribed();
  assertEquals(topics.map(({ state }) => state), [
    "closed",
    "closed",
    "subscribed",
  ]);
});

Deno.test("an unsubscribe that the server refuses with absent closes the topic", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const closing = room.close();
  h.net.last.take();
  h.net.last.emit({
    type: "error",
    id: 1,
    code: "absent",
    message: "Not subscribed",
  });
  await closing;
  h.client.topic("room:1");
  assertEquals((h.net.last.take() as AnyFrame[])[0].type, "subscribe");
});

Deno.test("a closed connection settles every close(), and the next hello contains the open topics", async () => {
  using h = harness();
  const [left, stays] = [h.client.topic("left"), h.client.topic("stays")];
  handshake(h.net.last);
  const closing = left.close();
  const late = h.client.topic("late", { last: 1 });
  const never = h.client.topic("never");
  const closed = never.close();
  h.net.last.drop();
  await Promise.all([closing, closed]);
  assertEquals([left.state, stays.state, late.state], [
    "closed",
    "subscribing",
    "subscribing",
  ]);
  h.clock.tick(500);
  const { hello, frames } = handshake(h.net.last);
  assertEquals(Object.keys(hello.topics), ["stays", "lobby", "late"]);
  assertEquals([hello.topics.late, frames], [{ last: 1 }, []]);
});

Deno.test("hello does not contain a topic that was closed offline", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  h.net.last.drop();
  await room.close();
  h.clock.tick(500);
  assertEquals(Object.keys(handshake(h.net.last).hello.topics), ["lobby"]);
});

Deno.test("ignores answers with another id, another topic or another type", () => {
  using h = harness();
  handshake(h.net.last);
  const room = h.client.topic("room:1");
  const [frame] = h.net.last.take() as AnyFrame[];
  subscribed(h.net.last, { id: 99, topic: "room:1" });
  subscribed(h.net.last, { id: frame.id, topic: "room:2" });
  h.net.last.emit({ type: "ack", id: frame.id });
  assertEquals([room.state, h.client.state], ["subscribing", "open"]);
  subscribed(h.net.last, frame);
  subscribed(h.net.last, frame);
  assertEquals(room.state, "subscribed");
});

Deno.test("a listener of a gap may close the topic during its subscription", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  h.client.addEventListener("gap", () => void room.close());
  h.client.reconnect();
  const { frames } = handshake(h.net.last, {
    topics: {
      "room:1": { epoch: "new", offset: 0, recovered: false, head: 0 },
    },
  });
  assertEquals(frames.map(({ type }) => type), ["unsubscribe"]);
});

Deno.test("closing the client closes the topics", async () => {
  using h = harness();
  const [lobby, room] = [h.client.topic("lobby"), h.client.topic("room:1")];
  handshake(h.net.last);
  const iterator = lobby[Symbol.asyncIterator]();
  const waiting = iterator.next();
  const late = h.client.topic("late");
  const subscribed = late.subscribed();
  const leaving = room.close();
  h.client.close();
  assertEquals([lobby.state, room.state, late.state], [
    "closed",
    "closed",
    "closed",
  ]);
  assertEquals(await waiting, { done: true, value: undefined });
  assertEquals(
    (await assertRejects(() => subscribed, DrumbeatError)).code,
    "closed",
  );
  await leaving;
  await lobby.close();
});

Deno.test("a topic whose close a reconnect settled can be opened again", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  room.close();
  h.net.last.drop();
  h.clock.tick(500);
  handshake(h.net.last);
  h.client.topic("room:1");
  assertEquals((h.net.last.take() as AnyFrame[]).map(({ type }) => type), [
    "subscribe",
  ]);
});
