import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import * as v from "valibot";
import { MemoryStore } from "../../adapters/store_memory.ts";
import { Hub } from "../../hub/hub.ts";
import { defineMessages, DrumbeatError, PROTOCOL } from "../../messages.ts";
import { FakeClock } from "./fake_clock.ts";
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

Deno.test("a refused publish of the hub rejects with the code and the issues", async () => {
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
  const { start } = await hub.start();
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

Deno.test("a topic has its subscribers and the bounds of its log, and no bounds before its first use", async () => {
  await using hub = inMemory({ topics: { room: { maxRecords: 1 } } });
  const room = hub.hub.topic("room");
  assertEquals([room.name, room.bounds, room.subscribers.size], [
    "room",
    undefined,
    0,
  ]);
  const { peer, start } = await hub.start({ topics: { room: {} } });
  room.publish({ type: "a" });
  room.publish({ type: "b" });
  hub.flush();
  assertEquals(room.bounds, {
    epoch: start.topics.room.epoch,
    tail: 1,
    head: 2,
  });
  assertEquals([...room.subscribers], hub.opened);
  peer.send({ type: "unsubscribe", id: 1, topic: "room" });
  assertEquals(room.subscribers.size, 0);
});

Deno.test("hasCapacity is false at the limit of peers, also for connections without a hello", async () => {
  await using hub = inMemory({ limits: { peers: 2 } });
  hub.connect(PROTOCOL);
  assert(hub.hub.transport.hasCapacity);
  const plain = hub.plain();
  assertFalse(hub.hub.transport.hasCapacity);
  plain.far.drop();
  assert(hub.hub.transport.hasCapacity);
});

Deno.test("a hub that cannot be created disposes its store", () => {
  const clock = new FakeClock();
  let disposed = 0;
  const store = () =>
    Object.assign(new MemoryStore(clock), {
      connect() {
        throw new Error("disk full");
      },
      [Symbol.asyncDispose]: () => Promise.resolve(void disposed++),
    });
  assertThrows(() => new Hub({ store, clock }), Error, "disk full");
  assertEquals(disposed, 1);
  // Nothing is made for options that are refused at once.
  const limits = { inflight: -1 };
  assertThrows(() => new Hub({ store, clock }, { limits }), RangeError);
  assertEquals(disposed, 1);
});

Deno.test("the store gets the hub's clock and the settings that it follows", async () => {
  const clock = new FakeClock();
  const given: unknown[] = [];
  const hub = new Hub({
    clock,
    store(clock, settings) {
      given.push(clock, settings);
      return new MemoryStore(clock, settings);
    },
  }, { sessionMs: 5_000, limits: { sessions: 7 } });
  assertEquals(given, [clock, { sessionMs: 5_000, sessions: 7 }]);
  await hub.close();
});

Deno.test("close delivers what was published, closes each connection with the code of its dialect, and waits for the transports", async () => {
  const hub = inMemory();
  const v1 = await hub.v1();
  const plain = hub.plain();
  const silent = hub.connect(PROTOCOL);
  hub.hub.broadcast({ type: "last" });
  let closed = false;
  const closing = hub.hub.close({ code: 1012, graceMs: 5_000 }).then(() =>
    closed = true
  );
  assertEquals(v1.readType("batch").length, 1);
  assertEquals(plain.read(), [{ type: "last" }]);
  assertEquals([v1, plain, silent].map((peer) => peer.closed?.code), [
    1012,
    1001,
    1012,
  ]);
  assertEquals(hub.closed.map(({ code }) => code), [1012, 1001]);
  assertFalse(hub.hub.transport.hasCapacity);
  for (const peer of [v1, plain]) peer.far.close(1000);
  await settle();
  assertFalse(closed);
  silent.far.drop();
  await closing;
  assertEquals(hub.clock.timers, 0);
});

Deno.test("close waits at most graceMs for connections that do not answer", async () => {
  const hub = inMemory();
  await hub.v1();
  let closed = false;
  const closing = hub.hub.close({ code: 1001, graceMs: 5_000 }).then(() =>
    closed = true
  );
  hub.clock.advance(4_999);
  await settle();
  assertFalse(closed);
  hub.clock.advance(1);
  await closing;
});

Deno.test("close is idempotent", async () => {
  const hub = inMemory();
  const peer = await hub.v1();
  const first = hub.hub.close();
  assert(hub.hub.close({ code: 4000 }) === first);
  assertEquals(peer.far.near.closes.length, 1);
  peer.far.close(1001);
  await first;
  await hub[Symbol.asyncDispose]();
});

Deno.test("refuses to close with a code that must not be sent, and stays open", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  for (const code of [999, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
    assertThrows(
      () => void hub.hub.close({ code }),
      RangeError,
      `Cannot close the hub: code ${code} must not be sent`,
    );
  }
  assertEquals(hub.hub.isDraining, false);
  assertEquals(peer.closed, undefined);
});

Deno.test("a connection that opens while the hub closes, or after that, is closed", async () => {
  const hub = inMemory();
  const closing = hub.hub.close();
  const late = hub.connect("");
  assertEquals(late.closed?.code, 1001);
  await closing;
  assertEquals(hub.connect(PROTOCOL).closed?.code, 1001);
  assertEquals(hub.hub.stats().connections, 0);
});

Deno.test("a publish after the hub was closed is refused at once as unavailable", async () => {
  const hub = inMemory();
  await hub.hub.close();
  const error = await assertRejects(
    () => hub.hub.broadcast({ type: "late" }),
    DrumbeatError,
  );
  assertEquals(error.code, "unavailable");
});

Deno.test("close and drain refuse unknown options and wrong values", async () => {
  await using hub = inMemory();
  for (
    const [options, message] of [
      [{ grace: 1 }, "unknown option 'grace'"],
      [{ code: "1001" }, "the option 'code' must be a number"],
      [{ code: 5000 }, "code 5000 must not be sent"],
      [{ graceMs: -1 }, "the option 'graceMs' must be a number"],
      [1012, "the options must be an object"],
    ] as const
  ) {
    assertThrows(
      () => hub.hub.close(options as object),
      Error,
      `Cannot close the hub: ${message}`,
    );
  }
  for (
    const [options, message] of [
      [
        { overms: 1 },
        "unknown option 'overms' (did you mean 'overMs'?)",
      ],
      [{ overMs: Infinity }, "the option 'overMs' must be a number"],
      [1_000, "the options must be an object"],
    ] as const
  ) {
    assertThrows(
      () => hub.hub.drain(options as object),
      Error,
      `Cannot drain the hub: ${message}`,
    );
  }
  assertFalse(hub.hub.isDraining);
});

Deno.test("a signal stops the wait for a drain, and the drain continues", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  await hub.v1();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = hub.hub.drain({ overMs: 1_000, signal });
  const drained = hub.hub.drain();
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => hub.hub.drain({ signal }), Error, "enough");
  hub.clock.advance(1_000);
  await drained;
  assertEquals(peer.closed?.code, 1012);
  await hub.hub.drain({ signal: new AbortController().signal });
});

Deno.test("ignored rejections of history and close go to onError, too", async () => {
  const errors: unknown[] = [];
  const clock = new FakeClock();
  const hub = new Hub({
    clock,
    store: (clock) =>
      Object.assign(new MemoryStore(clock), {
        [Symbol.asyncDispose]: () => Promise.reject(new Error("disk full")),
      }),
  }, {
    onError: (error, { stage }) => errors.push([stage, `${error}`]),
  });
  hub.topic("room").history({ from: -1 });
  await settle();
  clock.settle();
  hub.close();
  await settle();
  assertEquals(errors, [
    [
      "history",
      "RangeError: Cannot read the history of 'room': the option 'from' must be an integer of at least 0, not -1",
    ],
    ["store", "Error: disk full"],
  ]);
});

/** Lets promises settle that wait for nothing else. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
