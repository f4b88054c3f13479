import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import * as v from "valibot";
import { DrumbeatError } from "../../messages.ts";
import { defineMessages, PROTOCOL } from "../../messages.ts";
import { inMemory } from "./in_memory.ts";

Deno.test("broadcast publishes to the lobby and resolves with the offset, once it is committed", async () => {
  await using hub = inMemory();
  const offsets = [
    hub.hub.broadcast({ type: "a" }),
    hub.hub.broadcast(Uint8Array.of(1)),
  ];
  hub.flush();
  assertEquals(await Promise.all(offsets), [0, 1]);
  assertEquals(hub.hub.topic("lobby").bounds?.head, 2);
});

Deno.test("a publish of the program's that is refused rejects with the code and the issues", async () => {
  await using hub = inMemory({
    contract: defineMessages({ chat: v.object({ text: v.string() }) }),
  });
  const wrong = { type: "chat", text: 5 as unknown as string } as const;
  const error = await assertRejects(
    () => hub.hub.broadcast(wrong),
    DrumbeatError,
    "Cannot publish to 'lobby'",
  );
  assertEquals([error.name, error.code], ["DrumbeatError", "invalid"]);
  assertEquals(error.issues?.[0]?.path, ["text"]);
  const other = hub.hub.topic("$mine").publish({ type: "chat", text: "" });
  assertEquals(
    (await assertRejects(() => other, DrumbeatError)).code,
    "forbidden",
  );
});

Deno.test("an ignored refusal goes to onError and does not end the process", async () => {
  await using hub = inMemory({
    contract: defineMessages({ chat: v.object({ text: v.string() }) }),
  });
  const { start } = await hub.greeted();
  const [peer] = hub.hub.peers;
  const wrong = { type: "chat", text: 5 as unknown as string } as const;
  const reserved = { type: "error", text: "" } as unknown as typeof wrong;
  hub.hub.broadcast(wrong);
  hub.hub.broadcast(reserved);
  hub.hub.topic("").publish({ type: "chat", text: "" });
  hub.hub.peer(start.peer).send(wrong);
  peer!.send(wrong);
  await settle();
  assertEquals(hub.errors, []);
  hub.flush();
  assertEquals(
    hub.errors.map(({ error, stage }) => [
      stage,
      (error as DrumbeatError).code,
    ]),
    [
      ["publish", "invalid"],
      ["publish", "invalid"],
      ["publish", "invalid"],
      ["publish", "invalid"],
      ["publish", "invalid"],
    ],
  );
  const [error] = hub.errors.map(({ error }) => error as Error);
  assert(error!.message.startsWith("Cannot publish to 'lobby': "));
});

Deno.test("a refusal that the program handles does not go to onError", async () => {
  await using hub = inMemory();
  hub.hub.topic("").publish({ type: "chat" }).catch(() => {});
  await assertRejects(() => hub.hub.topic("$mine").publish({ type: "chat" }));
  await settle();
  hub.flush();
  assertEquals(hub.errors, []);
});

Deno.test("an ignored refusal is reported also when the hub is closed at once, and afterwards", async () => {
  const hub = inMemory();
  hub.hub.topic("").publish({ type: "chat" });
  await settle();
  await hub.hub.close();
  assertEquals(hub.errors.length, 1);
  hub.hub.broadcast({ type: "late" });
  await settle();
  assertEquals(
    hub.errors.map(({ error }) => (error as DrumbeatError).code),
    ["invalid", "unavailable"],
  );
});

Deno.test("a topic tells its subscribers and its log's bounds, and nothing while nobody has used it", async () => {
  await using hub = inMemory({ topics: { room: { maxRecords: 1 } } });
  const room = hub.hub.topic("room");
  assertEquals([room.name, room.bounds, room.subscribers.size], [
    "room",
    undefined,
    0,
  ]);
  const { peer, start } = await hub.greeted({ topics: { room: {} } });
  room.publish({ type: "a" });
  room.publish({ type: "b" });
  hub.flush();
  assertEquals(room.bounds, {
    epoch: start.topics.room.epoch,
    tail: 1,
    head: 2,
  });
  assertEquals([...room.subscribers], hub.joins);
  peer.send({ type: "unsubscribe", id: 1, topic: "room" });
  assertEquals(room.subscribers.size, 0);
});

Deno.test("hasRoom is false at the limit of peers, those without hello counted", async () => {
  await using hub = inMemory({ limits: { peers: 2 } });
  hub.connect(PROTOCOL);
  assert(hub.hub.hasRoom);
  const plain = hub.plain();
  assertFalse(hub.hub.hasRoom);
  plain.far.drop();
  assert(hub.hub.hasRoom);
});

Deno.test("closing delivers what was published, says goodbye to each dialect, and waits for the transports", async () => {
  const hub = inMemory();
  const v1 = await hub.v1();
  const plain = hub.plain();
  const silent = hub.connect(PROTOCOL);
  hub.hub.broadcast({ type: "last" });
  let closed = false;
  const closing = hub.hub.close(1012, 5_000).then(() => closed = true);
  assertEquals(v1.readType("batch").length, 1);
  assertEquals(plain.read(), [{ type: "last" }]);
  assertEquals([v1, plain, silent].map((peer) => peer.closed?.code), [
    1012,
    1001,
    1012,
  ]);
  assertEquals(hub.leaves.map(({ code }) => code), [1012, 1001]);
  assertFalse(hub.hub.hasRoom);
  for (const peer of [v1, plain]) peer.far.close(1000);
  await settle();
  assertFalse(closed);
  silent.far.drop();
  await closing;
  assertEquals(hub.clock.timers, 0);
});

Deno.test("closing waits no longer than the time of grace for those that do not answer", async () => {
  const hub = inMemory();
  await hub.v1();
  let closed = false;
  const closing = hub.hub.close(1001, 5_000).then(() => closed = true);
  hub.clock.advance(4_999);
  await settle();
  assertFalse(closed);
  hub.clock.advance(1);
  await closing;
});

Deno.test("closing is idempotent", async () => {
  const hub = inMemory();
  const peer = await hub.v1();
  const first = hub.hub.close();
  assert(hub.hub.close(4000) === first);
  assertEquals(peer.far.near.closes.length, 1);
  peer.far.close(1001);
  await first;
  await hub[Symbol.asyncDispose]();
});

Deno.test("a connection that comes while the hub closes, or after, is sent away", async () => {
  const hub = inMemory();
  const closing = hub.hub.close();
  const late = hub.connect("");
  assertEquals(late.closed?.code, 1001);
  await closing;
  assertEquals(hub.connect(PROTOCOL).closed?.code, 1001);
  assertEquals(hub.hub.stats().connections, 0);
});

Deno.test("a publish after the hub was closed is refused as unavailable, and not kept waiting", async () => {
  const hub = inMemory();
  await hub.hub.close();
  const error = await assertRejects(
    () => hub.hub.broadcast({ type: "late" }),
    DrumbeatError,
  );
  assertEquals(error.code, "unavailable");
});

/** Lets promises settle that wait for nothing else. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
