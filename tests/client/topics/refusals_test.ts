import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError, type Topic } from "../../../client.ts";
import {
  type AnyFrame,
  batch,
  handshake,
  harness,
  record,
  subscribed,
} from "../harness.ts";

Deno.test("a topic that start refuses has the server's code", async () => {
  using h = harness();
  const room = h.client.topic("secret");
  const subscribed = room.subscribed();
  const iterator = room[Symbol.asyncIterator]();
  handshake(h.net.last, { topics: { secret: { error: "forbidden" } } });
  assertEquals(
    (await assertRejects(() => subscribed, DrumbeatError)).code,
    "forbidden",
  );
  assertEquals(room.state, "refused");
  assertEquals(
    (await assertRejects(() => room.subscribed(), DrumbeatError)).code,
    "forbidden",
  );
  await assertRejects(
    () => room.publish({ type: "chat" }),
    DrumbeatError,
    "forbidden",
  );
  await assertRejects(() => iterator.next(), DrumbeatError, "forbidden");
  await assertRejects(
    () => room[Symbol.asyncIterator]().next(),
    DrumbeatError,
    "forbidden",
  );
  await room.close();
  assertEquals(room.state, "refused");
});

Deno.test("a topic that the server refused can be subscribed to again", async () => {
  using h = harness();
  handshake(h.net.last);
  const room = h.client.topic("room:1");
  const waiting = room.subscribed();
  h.net.last.take();
  h.net.last.emit({
    type: "error",
    id: 1,
    code: "forbidden",
    message: "Not allowed to subscribe",
  });
  await assertRejects(
    () => waiting,
    DrumbeatError,
    "Cannot subscribe to 'room:1': Not allowed to subscribe",
  );
  const again = h.client.topic("room:1");
  const [frame] = h.net.last.take() as AnyFrame[];
  subscribed(h.net.last, frame);
  assertEquals([room.state, again.state], ["refused", "subscribed"]);
});

Deno.test("dispatches a refusal as a message where subscribed() was not called", () => {
  using h = harness();
  const messages = record(h.client, "message");
  handshake(h.net.last, { topics: { lobby: { error: "unavailable" } } });
  assertEquals(JSON.parse(messages.at(-1)!.data as string).code, "unavailable");
});

Deno.test("a topic without a valid answer in start is unavailable, and requested again", async () => {
  for (
    const answer of [undefined, null, 1, {}, { epoch: 1, offset: 0 }, {
      epoch: "e",
      offset: -1,
    }]
  ) {
    using h = harness();
    const room = h.client.topic("room:1");
    const subscribed = room.subscribed();
    handshake(h.net.last, { topics: { "room:1": answer } });
    const { code } = await assertRejects(() => subscribed, DrumbeatError);
    assertEquals([code, room.state], ["unavailable", "subscribing"]);
    h.clock.tick(500);
    assertEquals(h.net.last.take(), [
      { type: "subscribe", id: 1, topic: "room:1" },
    ]);
  }
});

Deno.test("a topic that is closed before its subscribe is refused stays closed", async () => {
  using h = harness();
  handshake(h.net.last);
  const room = h.client.topic("room:1");
  const closing = room.close();
  h.net.last.take();
  h.net.last.emit({ type: "error", id: 1, code: "forbidden", message: "no" });
  await closing;
  assertEquals([room.state, h.net.last.take()], ["closed", []]);
});

Deno.test("a listener of a refusal may reconnect and open the topic again", () => {
  using h = harness();
  handshake(h.net.last);
  h.client.topic("room:1");
  let again: Topic | undefined;
  h.client.addEventListener("message", () => {
    if (again !== undefined) return;
    h.client.reconnect();
    again = h.client.topic("room:1");
  });
  h.net.last.emit({ type: "error", id: 1, code: "forbidden", message: "no" });
  assertEquals(Object.keys(handshake(h.net.last).hello.topics), [
    "lobby",
    "room:1",
  ]);
  assertEquals(again?.state, "subscribed");
});

Deno.test("hello does not contain a refused lobby", () => {
  using h = harness();
  handshake(h.net.last, { topics: { lobby: { error: "forbidden" } } });
  h.client.reconnect();
  assertEquals(handshake(h.net.last).hello.topics, {});
});

Deno.test("a refused topic stays refused when the client closes", () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last, { topics: { "room:1": { error: "forbidden" } } });
  h.client.close();
  assertEquals(room.state, "refused");
});

for (const code of ["limit", "unavailable"]) {
  Deno.test(`a topic that is refused with ${code} is requested again with a backoff`, async () => {
    using h = harness({ heartbeat: false });
    const refused = record(h.client, "refused");
    const room = h.client.topic("room:1");
    const seen: unknown[] = [];
    room.on("chat", ({ text }) => seen.push(text));
    handshake(h.net.last, { topics: { "room:1": { error: code } } });
    assertEquals(room.state, "subscribing");
    h.clock.tick(499);
    assertEquals(h.net.last.take(), []);
    h.clock.tick(1);
    assertEquals(h.net.last.take(), [
      { type: "subscribe", id: 1, topic: "room:1" },
    ]);
    h.net.last.emit({ type: "error", id: 1, code, message: "Not now" });
    h.clock.tick(999);
    assertEquals(h.net.last.take(), []);
    h.clock.tick(1);
    const [again] = h.net.last.take() as AnyFrame[];
    subscribed(h.net.last, again, 7);
    await room.subscribed();
    h.net.last.emit(batch("room:1", 7, "a"));
    assertEquals([room.state, seen], ["subscribed", ["a"]]);
    assertEquals(
      refused.map(({ topic, error, retryInMs }) => [
        topic,
        error.code,
        error.message,
        retryInMs,
      ]),
      [
        ["room:1", code, `Cannot subscribe to 'room:1': ${code}`, 500],
        ["room:1", code, "Cannot subscribe to 'room:1': Not now", 1_000],
      ],
    );
  });
}

Deno.test("a subscription that the server ends as unavailable continues at its position", () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  const seen: unknown[] = [];
  room.on("chat", ({ text }) => seen.push(text));
  handshake(h.net.last);
  h.net.last.emit(batch("room:1", 0, "a"));
  h.net.last.emit({
    type: "unsubscribed",
    topic: "room:1",
    code: "unavailable",
  });
  h.clock.tick(500);
  const [again] = h.net.last.take() as AnyFrame[];
  assertEquals(again, {
    type: "subscribe",
    id: 1,
    topic: "room:1",
    epoch: "e1",
    offset: 1,
  });
  subscribed(h.net.last, again, 1);
  h.net.last.emit(batch("room:1", 1, "b"));
  assertEquals(seen, ["a", "b"]);
});

Deno.test("a hello names a topic that waits to be requested again, and its wait ends", () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  handshake(h.net.last, { topics: { "room:1": { error: "limit" } } });
  h.client.reconnect();
  assertEquals(Object.keys(handshake(h.net.last).hello.topics), [
    "room:1",
    "lobby",
  ]);
  assertEquals(room.state, "subscribed");
  h.clock.tick(60_000);
  assertEquals(h.net.last.take(), []);
});

Deno.test("a topic that is closed while it waits to be requested again is not requested", async () => {
  using h = harness({ heartbeat: false });
  const room = h.client.topic("room:1");
  handshake(h.net.last, { topics: { "room:1": { error: "limit" } } });
  await room.close();
  h.clock.tick(60_000);
  assertEquals([room.state, h.net.last.take()], ["closed", []]);
});

Deno.test("a refusal that stays is dispatched with the topic's name and without a retry", () => {
  using h = harness();
  const refused = record(h.client, "refused");
  handshake(h.net.last, { topics: { lobby: { error: "forbidden" } } });
  assertEquals(
    refused.map(({ topic, error, retryInMs }) => [
      topic,
      error.code,
      retryInMs,
    ]),
    [["lobby", "forbidden", undefined]],
  );
});
