import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DrumbeatError, type Topic } from "../../../client.ts";
import {
  type AnyFrame,
  batch,
  handshake,
  harness,
  settle,
} from "../harness.ts";

function texts(topic: Topic): unknown[] {
  const seen: unknown[] = [];
  topic.on("chat", ({ text }) => seen.push(text));
  return seen;
}

Deno.test("two handles of a topic share one subscription, and both receive its records", () => {
  using h = harness();
  const first = h.client.topic("room:1");
  const second = h.client.topic("room:1");
  assert(first !== second);
  const seen = [texts(first), texts(second)];
  const { hello } = handshake(h.net.last);
  assertEquals(Object.keys(hello.topics), ["room:1", "lobby"]);
  h.net.last.emit(batch("room:1", 0, "a"));
  assertEquals(seen, [["a"], ["a"]]);
});

Deno.test("the last handle ends the subscription; the other ones work until then", async () => {
  using h = harness();
  const first = h.client.topic("room:1");
  const second = h.client.topic("room:1");
  const seen = [texts(first), texts(second)];
  const read = second[Symbol.asyncIterator]();
  const ended = first[Symbol.asyncIterator]().next();
  handshake(h.net.last);
  await first.close();
  assertEquals([first.state, second.state], ["closed", "subscribed"]);
  assertEquals(await ended, { done: true, value: undefined });
  await assertRejects(() => first.publish({ type: "chat" }), DrumbeatError);
  assertEquals(h.net.last.take(), []);
  h.net.last.emit(batch("room:1", 0, "a"));
  assertEquals(seen, [[], ["a"]]);
  assertEquals((await read.next()).value?.kind, "record");
  const closing = second.close();
  const [frame] = h.net.last.take() as AnyFrame[];
  assertEquals(frame, { type: "unsubscribe", id: 1, topic: "room:1" });
  h.net.last.emit({ type: "ack", id: 1 });
  await closing;
  assertEquals(second.state, "closed");
});

Deno.test("a handle that is opened later receives the records from then on", () => {
  using h = harness();
  const first = h.client.topic("room:1");
  handshake(h.net.last);
  h.net.last.emit(batch("room:1", 0, "a"));
  const second = h.client.topic("room:1");
  const seen = texts(second);
  assertEquals([second.state, second.position], ["subscribed", first.position]);
  h.net.last.emit(batch("room:1", 1, "b"));
  assertEquals(seen, ["b"]);
});

Deno.test("a handler may close another handle of the same topic", () => {
  using h = harness();
  const first = h.client.topic("room:1");
  const second = h.client.topic("room:1");
  first.on("chat", () => void second.close());
  const seen = texts(second);
  handshake(h.net.last);
  h.net.last.emit(batch("room:1", 0, "a", "b"));
  assertEquals([seen, first.state, second.state], [[], "subscribed", "closed"]);
});

Deno.test("closing a handle ends its view of the presence, and not that of another handle", async () => {
  using h = harness();
  const first = h.client.topic("room:1");
  const second = h.client.topic("room:1");
  const changes: unknown[][] = [[], []];
  first.presence.on(({ count }) => changes[0]!.push(count));
  second.presence.on(({ count }) => changes[1]!.push(count));
  const waiting = first.presence.set({ name: "Ada" });
  void waiting.catch(() => {});
  handshake(h.net.last);
  const snapshot = (...peers: string[]) => ({
    type: "presence",
    topic: "room:1",
    snapshot: true,
    join: peers.map((peer) => ({ peer, data: 1 })),
  });
  h.net.last.emit(snapshot("a"));
  await first.close();
  await assertRejects(() => waiting, DrumbeatError, "closed");
  await assertRejects(() => first.presence.set(1), DrumbeatError, "closed");
  h.net.last.emit(snapshot("a", "b"));
  assertEquals(changes, [[1], [1, 2]]);
  assertEquals([first.presence.count, first.presence.members.size], [0, 0]);
  assertEquals([second.presence.count, second.presence.members.size], [2, 2]);
});

Deno.test("every handle is refused with the topic", () => {
  using h = harness();
  const handles = [h.client.topic("room:1"), h.client.topic("room:1")];
  handshake(h.net.last, { topics: { "room:1": { error: "forbidden" } } });
  assertEquals(handles.map(({ state }) => state), ["refused", "refused"]);
});

Deno.test("a start for a subscription that has another one is an error", async () => {
  using h = harness();
  handshake(h.net.last);
  const error = assertThrows(
    () => h.client.topic("lobby", { last: 50 }),
    TypeError,
    "Cannot subscribe to 'lobby': the start comes too late",
  );
  assert(error.message.includes("history()"));
  h.client.topic("lobby");
  h.client.topic("lobby", { epoch: "e1", offset: 0 });
  await settle();
  assertEquals(h.net.last.take(), []);
});

Deno.test("a start that comes before the subscription is requested is used", () => {
  using h = harness();
  h.client.topic("room:1");
  h.client.topic("room:1", { last: 5 });
  h.client.topic("room:1", { last: 5 });
  assertThrows(() => h.client.topic("room:1", { last: 6 }), TypeError);
  assertEquals(handshake(h.net.last).hello.topics["room:1"], { last: 5 });
});

Deno.test("a framework that makes proxies of plain objects lets topics be: they have a kind of their own", () => {
  using h = harness();
  const topic = h.client.topic("room:1");
  const kinds = [topic, topic.presence].map((object) =>
    Object.prototype.toString.call(object)
  );
  assertEquals(kinds, ["[object Topic]", "[object TopicPresence]"]);
});
