import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError, type Topic } from "../../../client.ts";
import {
  type AnyFrame,
  handshake,
  harness,
  record,
  subscribed,
} from "../harness.ts";

Deno.test("a topic that start refuses has the server's code", async () => {
  using h = harness();
  const room = h.client.topic("secret");
  const joined = room.joined();
  const iterator = room[Symbol.asyncIterator]();
  handshake(h.net.last, { topics: { secret: { error: "forbidden" } } });
  assertEquals(
    (await assertRejects(() => joined, DrumbeatError)).code,
    "forbidden",
  );
  assertEquals(room.state, "refused");
  assertEquals(
    (await assertRejects(() => room.joined(), DrumbeatError)).code,
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
  const joined = room.joined();
  h.net.last.take();
  h.net.last.emit({
    type: "error",
    id: 1,
    code: "limit",
    message: "Too many topics of one peer: at most 128",
  });
  await assertRejects(() => joined, DrumbeatError, "at most");
  const again = h.client.topic("room:1");
  const [frame] = h.net.last.take() as AnyFrame[];
  subscribed(h.net.last, frame);
  assertEquals([room.state, again.state], ["refused", "joined"]);
});

Deno.test("dispatches a refusal as a message where joined() was not called", () => {
  using h = harness();
  const messages = record(h.client, "message");
  handshake(h.net.last, { topics: { lobby: { error: "unavailable" } } });
  assertEquals(JSON.parse(messages.at(-1)!.data as string).code, "unavailable");
});

Deno.test("a topic without a valid answer in start is refused as unavailable", () => {
  for (
    const answer of [undefined, null, 1, {}, { epoch: 1, offset: 0 }, {
      epoch: "e",
      offset: -1,
    }]
  ) {
    using h = harness();
    const room = h.client.topic("room:1");
    handshake(h.net.last, { topics: { "room:1": answer } });
    assertEquals(room.state, "refused");
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
  h.net.last.emit({ type: "error", id: 1, code: "limit", message: "too many" });
  assertEquals(Object.keys(handshake(h.net.last).hello.topics), [
    "lobby",
    "room:1",
  ]);
  assertEquals(again?.state, "joined");
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
