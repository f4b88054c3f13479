import { assert, assertEquals, assertMatch } from "@std/assert";
import * as v from "valibot";
import { defineMessages, RESERVED_TYPES } from "../../../messages.ts";
import { ANY_RATE, inMemory } from "../in_memory.ts";

const KIB = 1024;

Deno.test("on open a plain peer is sent start with the time", async () => {
  await using hub = inMemory();
  const peer = hub.connect("");
  assertEquals(peer.far.received, [
    `{"type":"start","time":${hub.clock.time()}}`,
  ]);
});

Deno.test("ping is answered by pong with the time, at once", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.clock.advance(5);
  peer.send({ type: "ping" });
  assertEquals(peer.read(), [{ type: "pong", time: hub.clock.time() }]);
});

Deno.test("a message arrives at everybody as it was published, at its sender too", async () => {
  await using hub = inMemory();
  const [a, b] = [hub.plain(), hub.plain()];
  a.send('{ "type": "chat",  "text": "hi", "n": 1.50 }');
  hub.flush();
  assertEquals(a.far.received.at(-1), '{"type":"chat","text":"hi","n":1.5}');
  assertEquals(b.far.received.at(-1), '{"type":"chat","text":"hi","n":1.5}');
});

Deno.test("binary frames arrive as binary frames", async () => {
  await using hub = inMemory();
  const [a, b] = [hub.plain(), hub.plain()];
  a.far.send(Uint8Array.of(1, 2, 3));
  a.far.send(new Uint8Array(0));
  hub.flush();
  assertEquals(b.read(), [Uint8Array.of(1, 2, 3), new Uint8Array(0)]);
});

Deno.test("what is no message is the error malformed, and the connection lives", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  const bad = [
    "",
    "nonsense",
    "{",
    "null",
    "5",
    '"text"',
    "[]",
    "{}",
    '{"type":5}',
    '{"type":null}',
  ];
  for (const text of bad) {
    peer.far.send(text);
    const [error, ...more] = peer.read();
    assertEquals([error.type, error.code], ["error", "malformed"], text);
    assert(typeof error.message === "string");
    assertEquals(more, []);
  }
  assertEquals(peer.closed, undefined);
});

Deno.test("rejects messages of a reserved type", async () => {
  await using hub = inMemory();
  const [peer, other] = [hub.plain(), hub.plain()];
  for (const type of RESERVED_TYPES) {
    if (type === "ping") continue;
    peer.send({ type });
    const [{ code, message }] = peer.read();
    assertEquals(code, "invalid");
    assertMatch(message, new RegExp(`'${type}'`));
  }
  hub.flush();
  assertEquals(other.read(), []);
});

Deno.test("types that are none are the error invalid", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  for (
    const type of ["", "1a", "__proto__", "$x", "a b", "ä", "x".repeat(65)]
  ) {
    peer.send({ type });
    assertEquals(peer.read().map(({ code }) => code), ["invalid"], type);
  }
});

Deno.test("keys that mean something to JavaScript are carried and change nothing", async () => {
  await using hub = inMemory();
  const [peer, other] = [hub.plain(), hub.plain()];
  const text =
    '{"type":"chat","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  peer.far.send(text);
  hub.flush();
  assertEquals(other.far.received.at(-1), text);
  assertEquals(({} as { polluted?: boolean }).polluted, undefined);
});

Deno.test("a contract refuses with its issues, and what it puts out is what arrives", async () => {
  await using hub = inMemory({
    contract: defineMessages({
      chat: v.object({ text: v.pipe(v.string(), v.trim(), v.maxLength(5)) }),
    }),
  });
  const peer = hub.plain();
  peer.send({ type: "chat", text: " hi ", extra: 1 });
  hub.flush();
  assertEquals(peer.read(), [{ type: "chat", text: "hi" }]);
  peer.send({ type: "chat", text: 5 });
  const [error] = peer.read();
  assertEquals([error.type, error.code], ["error", "invalid"]);
  assertEquals(error.issues.map(({ path }: { path: unknown }) => path), [[
    "text",
  ]]);
  peer.send({ type: "move" });
  assertEquals(peer.read()[0].code, "unsupported");
});

Deno.test("a validator that throws, or answers with a promise, is an error to the peer and is reported", async () => {
  await using hub = inMemory({
    contract: defineMessages({
      chat: (_: unknown): _ is object => {
        throw new Error("oops");
      },
      later: v.objectAsync({}) as unknown as v.GenericSchema<object>,
    }),
  });
  const peer = hub.plain();
  for (const type of ["chat", "later"]) {
    peer.send({ type });
    assertEquals(peer.read(), [{
      type: "error",
      code: "invalid",
      message: "Message validation failed",
    }]);
  }
  assertEquals(hub.errors.map(({ stage }) => stage), ["validate", "validate"]);
  assertMatch(`${hub.errors[1]?.error}`, /asynchronous/);
});

Deno.test("a message above the limit closes with 1009, counted in UTF-8 bytes", async () => {
  await using hub = inMemory({ limits: { messageBytes: 100 } });
  const fits = [
    "x".repeat(100),
    "ü".repeat(50),
    "🥁".repeat(25),
    new Uint8Array(100),
  ];
  for (const data of fits) {
    const peer = hub.plain();
    peer.far.send(data);
    assertEquals(peer.closed, undefined);
  }
  const large = [
    "x".repeat(101),
    "ü".repeat(51),
    "🥁".repeat(26),
    new Uint8Array(101),
  ];
  for (const data of large) {
    const peer = hub.plain();
    peer.far.send(data);
    assertEquals(peer.closed, {
      code: 1009,
      reason: "Message too large",
    });
  }
});

Deno.test("a plain peer that makes answers and does not take them in is closed with 4002", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = hub.plain();
  peer.far.near.bufferedAmount = 256 * KIB;
  for (let i = 0; i < 20_000 && peer.closed === undefined; i++) {
    peer.send({ type: "ping" });
  }
  assertEquals(peer.closed?.code, 4002);
  const bytes = peer.read().length *
    '{"type":"pong","time":1700000001000}'.length;
  assert(bytes > 250 * KIB && bytes < 260 * KIB);
});

Deno.test("a plain peer that takes its answers in may make as many as it likes", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = hub.plain();
  for (let i = 0; i < 20_000; i++) peer.send({ type: "ping" });
  assertEquals(peer.closed, undefined);
  assertEquals(peer.read().length, 20_000);
});

Deno.test("a hub that has no room for the lobby says so", async () => {
  await using hub = inMemory({ limits: { topics: 0 } });
  const peer = hub.connect("");
  assertEquals(peer.read().map(({ type, code }) => code ?? type), [
    "start",
    "limit",
  ]);
  peer.send({ type: "chat" });
  assertEquals(peer.read().map(({ code }) => code), ["limit"]);
});

Deno.test("a plain peer gets what is published to the lobby only", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  assertEquals(peer.read(), []);
});

Deno.test("a plain peer starts from now: it gets nothing of what was there before", async () => {
  await using hub = inMemory();
  hub.hub.broadcast({ type: "chat", text: "before" });
  hub.flush();
  const peer = hub.plain();
  hub.hub.broadcast({ type: "chat", text: "after" });
  hub.flush();
  assertEquals(peer.read(), [{ type: "chat", text: "after" }]);
});

Deno.test("goaway has no word in the plain dialect", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.drain(1_000);
  assertEquals(peer.read(), []);
});
