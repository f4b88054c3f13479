import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Peer } from "../../../hub/peer.ts";
import { DrumbeatError } from "../../../messages.ts";
import { decodeServerFrame, defineMessages } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import {
  type AnyFrame,
  type InMemory,
  inMemory,
  type TestPeer,
} from "../in_memory.ts";

const note = (text: string) => ({ type: "note", text });

/** Connects a peer. @returns the program's peer, the client, and the name of the direct log. */
async function joined(hub: InMemory, hello: object = { topics: {} }) {
  const { peer: far, start } = await hub.start(hello);
  const peer = hub.opened.at(-1)!;
  const own = `$peer/${start.peer}`;
  return { far, peer, own, session: start.session as string, start };
}

/** Flushes, and returns the texts and gaps that arrived since the last read. */
function received(hub: InMemory, far: TestPeer): unknown[] {
  hub.flush();
  return far.read().flatMap((frame: AnyFrame) => {
    if (frame.type === "gap") return [{ from: frame.from, to: frame.to }];
    if (frame.type !== "batch") return [];
    return frame.messages.map(({ message }: AnyFrame) => message.text);
  });
}

Deno.test("the first message subscribes the peer to its direct log; then records arrive as in any topic", async () => {
  await using hub = inMemory();
  const { far, peer, own } = await joined(hub);
  const sent = ["one", "two"].map((text) => peer.send(note(text)));
  hub.flush();
  assertEquals(await Promise.all(sent), [0, 1]);
  const [subscribed, batch, ...rest] = far.read();
  const { epoch } = hub.hub.topic(own).bounds!;
  assertEquals(subscribed, {
    type: "subscribed",
    topic: own,
    epoch,
    offset: 0,
    recovered: true,
    head: 0,
  });
  assertEquals([batch.topic, batch.offset, batch.messages.length], [own, 0, 2]);
  assertEquals(batch.messages[0].from, "$hub");
  assertEquals(rest, []);
  peer.send(note("three"));
  assertEquals(received(hub, far), ["three"]);
});

Deno.test("direct messages keep their order, with records of a topic in between", async () => {
  await using hub = inMemory();
  const { far, peer } = await joined(hub);
  const texts = Array.from({ length: 50 }, (_, n) => `${n}`);
  for (const text of texts) {
    peer.send(note(text));
    hub.hub.broadcast({ type: "chat" });
    if (Number(text) % 7 === 0) hub.flush();
  }
  assertEquals(received(hub, far), texts);
});

Deno.test("no other peer can receive a direct message", async () => {
  await using hub = inMemory();
  const { far, peer, own } = await joined(hub);
  peer.send(note("secret"));
  hub.flush();
  const spy = await joined(hub, { topics: { [own]: { last: 10 }, lobby: {} } });
  assertEquals(spy.start.topics[own], { error: "forbidden" });
  spy.far.send({ type: "subscribe", id: 1, topic: own, last: 10 });
  spy.far.send({ type: "history", id: 2, topic: own, from: 0, limit: 9 });
  spy.far.send({ type: "publish", id: 3, topic: own, message: note("forged") });
  spy.far.send({ type: "presence", id: 4, topic: own, data: 1 });
  spy.far.sendBinary(
    { type: "publish", id: 5, topic: own },
    new Uint8Array([1]),
  );
  hub.flush();
  for (let i = 0; i < 20; i++) await Promise.resolve();
  const answers = spy.far.read().map(({ id, code }) => [id, code]);
  assertEquals(answers.toSorted(), [
    [1, "forbidden"],
    [2, "forbidden"],
    [3, "forbidden"],
    [4, "absent"],
    [5, "forbidden"],
  ]);
  assertEquals(received(hub, far), ["secret"]);
  // The public id alone does not resume the session.
  const other = await joined(hub, { topics: {}, session: own.slice(6) });
  assertEquals(other.start.resumed, false);
});

Deno.test("the peer cannot publish to its direct log", async () => {
  await using hub = inMemory();
  const { far, peer, own } = await joined(hub);
  peer.send(note("one"));
  hub.flush();
  far.read();
  far.send({ type: "publish", id: 1, topic: own, message: note("forged") });
  assertEquals(far.read()[0].code, "forbidden");
  assertEquals(received(hub, far), []);
});

Deno.test("a resume delivers the messages that were sent while disconnected, once", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  first.peer.send(note("before"));
  assertEquals(received(hub, first.far), ["before"]);
  const { epoch } = hub.hub.topic(first.own).bounds!;
  first.far.far.drop();
  first.peer.send(note("meanwhile"));
  hub.flush();
  const back = await joined(hub, {
    session: first.session,
    topics: { [first.own]: { epoch, offset: 1 } },
  });
  assertEquals(back.start.topics[first.own], {
    epoch,
    offset: 1,
    recovered: true,
    head: 2,
  });
  back.peer.send(note("after"));
  assertEquals(received(hub, back.far), ["meanwhile", "after"]);
});

Deno.test("a resumed peer that had received no message receives its direct log from the beginning", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  // The peer is disconnected before the flush.
  first.peer.send(note("one"));
  first.far.far.drop();
  first.peer.send(note("two"));
  hub.flush();
  const back = await joined(hub, { session: first.session, topics: {} });
  assertEquals(back.start.topics[first.own].offset, 0);
  back.peer.send(note("three"));
  assertEquals(received(hub, back.far), ["one", "two", "three"]);
});

Deno.test("a resume delivers messages of a direct log that was created while disconnected", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  first.far.far.drop();
  first.peer.send(note("meanwhile"));
  hub.flush();
  const back = await joined(hub, { session: first.session, topics: {} });
  assertEquals(received(hub, back.far), ["meanwhile"]);
});

Deno.test("a message to an older connection of a session arrives at its present connection", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  first.far.far.drop();
  const back = await joined(hub, { session: first.session, topics: {} });
  // A handler may still have the earlier connection's peer.
  first.peer.send(note("late"));
  assertEquals(received(hub, back.far), ["late"]);
  back.peer.send(note("later"));
  first.peer.send(note("last"));
  assertEquals(received(hub, back.far), ["later", "last"]);
});

Deno.test("a message that is sent during the resume arrives", async () => {
  for (let turns = 0; turns < 12; turns++) {
    await using hub = inMemory();
    const first = await joined(hub);
    first.far.far.drop();
    const back = hub.connect("drumbeat.v1");
    back.send({ type: "hello", session: first.session, topics: {} });
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    first.peer.send(note("in between"));
    if (back.far.received.length === 0) await back.until("start");
    assertEquals(received(hub, back), ["in between"], `after ${turns} turns`);
    hub.opened.at(-1)!.send(note("after"));
    assertEquals(received(hub, back), ["after"], `after ${turns} turns`);
  }
});

Deno.test("sends a gap for dropped direct messages", async () => {
  await using hub = inMemory({ topics: { "$peer/*": { maxRecords: 2 } } });
  const first = await joined(hub);
  first.peer.send(note("0"));
  assertEquals(received(hub, first.far), ["0"]);
  const { epoch } = hub.hub.topic(first.own).bounds!;
  first.far.far.drop();
  for (const text of ["1", "2", "3", "4"]) first.peer.send(note(text));
  hub.flush();
  const named = await joined(hub, {
    session: first.session,
    topics: { [first.own]: { epoch, offset: 1 } },
  });
  assertEquals(named.start.topics[first.own].recovered, false);
  assertEquals(received(hub, named.far), [{ from: 1, to: 3 }, "3", "4"]);
  named.far.far.drop();
  // A hello that does not name the direct log receives all of it.
  const unnamed = await joined(hub, { session: first.session, topics: {} });
  assertEquals(received(hub, unnamed.far), [{ from: 0, to: 3 }, "3", "4"]);
});

Deno.test("a direct log with another epoch starts again", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  first.far.far.drop();
  first.peer.send(note("one"));
  hub.flush();
  const back = await joined(hub, {
    session: first.session,
    topics: { [first.own]: { epoch: "another", offset: 7 } },
  });
  const { offset, recovered } = back.start.topics[first.own];
  assertEquals([offset, recovered], [0, false]);
  assertEquals(received(hub, back.far), ["one"]);
});

Deno.test("a new session has another direct log", async () => {
  await using hub = inMemory({ sessionMs: 1_000 });
  const first = await joined(hub);
  first.far.far.drop();
  first.peer.send(note("too late"));
  hub.clock.advance(1_001);
  const back = await joined(hub, { session: first.session, topics: {} });
  assertEquals([back.start.resumed, received(hub, back.far)], [false, []]);
});

Deno.test("delivers and resumes binary payloads", async () => {
  await using hub = inMemory();
  const first = await joined(hub);
  first.peer.send(new Uint8Array([1, 2]));
  hub.flush();
  first.far.far.drop();
  first.peer.send(new Uint8Array([3]));
  hub.flush();
  const back = await joined(hub, { session: first.session, topics: {} });
  hub.flush();
  const payloads = back.far.read().map((data) => {
    const decoded = decodeServerFrame(data as Uint8Array<ArrayBuffer>);
    assert(decoded.ok && decoded.frame.type === "batch");
    assertEquals(decoded.frame.topic, first.own);
    return [decoded.frame.offset, [...decoded.payload!]];
  });
  assertEquals(payloads, [[0, [1, 2]], [1, [3]]]);
});

Deno.test("rejects a message that the contract refuses", async () => {
  await using hub = inMemory({
    contract: defineMessages({
      note: (value): value is { text: string } =>
        typeof (value as { text?: unknown }).text === "string",
    }),
  });
  const { far, peer } = await joined(hub as unknown as InMemory);
  for (const message of [{ type: "note", text: 1 }, { type: "other" }]) {
    await assertRejects(() => peer.send(message), DrumbeatError, "$peer/");
  }
  assertEquals(received(hub as unknown as InMemory, far), []);
});

Deno.test("a plain peer receives the message as it was sent, without another frame", async () => {
  await using hub = inMemory();
  const far = hub.plain();
  const peer = hub.opened[0]!;
  const other = hub.plain();
  peer.send(note("for you"));
  peer.send(new Uint8Array([7]));
  hub.flush();
  assertEquals(far.read(), [note("for you"), new Uint8Array([7])]);
  assertEquals(other.read(), []);
});

Deno.test("a handler sends to the peer of its message", async () => {
  await using hub = inMemory();
  hub.hub.on("chat", ({ text }, { peer }) => {
    peer?.send(note(`got ${text}`));
  });
  const [a, b] = [await joined(hub), await joined(hub)];
  a.far.send({
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat", text: "hi" },
  });
  assertEquals(received(hub, a.far), ["got hi"]);
  assertEquals(received(hub, b.far), []);
});

Deno.test("the direct log does not count against limits.topicsPerPeer", async () => {
  await using hub = inMemory({ limits: { topicsPerPeer: 2 } });
  const topics = { a: {}, b: {} };
  const first = await joined(hub, { topics });
  first.far.far.drop();
  first.peer.send(note("meanwhile"));
  hub.flush();
  const back = await joined(hub, { session: first.session, topics });
  assertEquals(back.start.topics[first.own].offset, 0);
  assertEquals(received(hub, back.far), ["meanwhile"]);
  const { epoch } = hub.hub.topic(first.own).bounds!;
  back.far.far.drop();
  const again = await joined(hub, {
    session: first.session,
    topics: { [first.own]: { epoch, offset: 1 }, ...topics, c: {} },
  });
  assertEquals(
    Object.entries<AnyFrame>(again.start.topics).map((
      [name, { error }],
    ) => [name, error]),
    [[first.own, undefined], ["a", undefined], ["b", undefined], [
      "c",
      "limit",
    ]],
  );
  again.far.send({ type: "unsubscribe", id: 1, topic: "a" });
  again.far.send({ type: "subscribe", id: 2, topic: "c" });
  assertEquals(again.far.read().map(({ type }) => type), ["ack", "subscribed"]);
});

Deno.test("direct logs do not count against limits.topics", async () => {
  await using hub = inMemory({ limits: { topics: 2 } });
  const peers: Peer[] = [];
  for (let i = 0; i < 4; i++) peers.push((await joined(hub)).peer);
  for (const peer of peers) peer.send(note("hello"));
  hub.flush();
  const { far } = await joined(hub, { topics: { a: {} } });
  far.send({ type: "subscribe", id: 1, topic: "b" });
  far.send({ type: "subscribe", id: 2, topic: "c" });
  hub.flush();
  assertEquals(far.read().map(({ type, code }) => [type, code]), [
    ["subscribed", undefined],
    ["error", "limit"],
  ]);
});

Deno.test("forgets the direct log of a peer whose session has expired", async () => {
  await using hub = inMemory();
  const { far, peer } = await joined(hub);
  peer.send(note("bye"));
  hub.flush();
  far.far.close(1000);
  assertEquals(hub.hub.stats().topics, 1);
  hub.clock.advance(121_000);
  assertEquals(hub.hub.stats().topics, 0);
});

Deno.test("after an unsubscribe the next message subscribes the peer again", async () => {
  await using hub = inMemory();
  const { far, peer, own } = await joined(hub);
  peer.send(note("one"));
  hub.flush();
  far.send({ type: "unsubscribe", id: 1, topic: own });
  assertEquals(far.read().at(-1), { type: "ack", id: 1 });
  peer.send(note("two"));
  assertEquals(received(hub, far), ["two"]);
});

Deno.test("keeps the order when the store opens the log slowly", async () => {
  let store: DeepStore;
  await using hub = inMemory(
    {},
    (clock) => store = new DeepStore(clock, { slowToOpen: true }),
  );
  const { far, peer } = await joined(hub);
  const sent = [peer.send(note("one")), peer.send(note("two"))];
  await store!.answer();
  hub.flush();
  assertEquals(received(hub, far), ["one", "two"]);
  assertEquals(await Promise.all(sent), [0, 1]);
});
