import { assert, assertEquals, assertMatch } from "@std/assert";
import * as v from "valibot";
import { defineMessages, RESERVED_TYPES } from "../../../messages.ts";
import { ANY_RATE, inMemory } from "../in_memory.ts";

const KIB = 1024;

Deno.test("sends start with the time to a plain peer", async () => {
  await using hub = inMemory();
  const peer = hub.connect("");
  assertEquals(peer.far.received, [
    `{"type":"start","time":${hub.clock.time()}}`,
  ]);
});

Deno.test("answers a ping with a pong and the time at once", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.clock.advance(5);
  peer.send({ type: "ping" });
  assertEquals(peer.read(), [{ type: "pong", time: hub.clock.time() }]);
});

Deno.test("sends a message unchanged to every plain peer, the publisher included", async () => {
  await using hub = inMemory();
  const [a, b] = [hub.plain(), hub.plain()];
  a.send('{ "type": "chat",  "text": "hi", "n": 1.50 }');
  hub.flush();
  assertEquals(a.far.received.at(-1), '{"type":"chat","text":"hi","n":1.5}');
  assertEquals(b.far.received.at(-1), '{"type":"chat","text":"hi","n":1.5}');
});

Deno.test("sends binary messages as binary messages", async () => {
  await using hub = inMemory();
  const [a, b] = [hub.plain(), hub.plain()];
  a.far.send(Uint8Array.of(1, 2, 3));
  a.far.send(new Uint8Array(0));
  hub.flush();
  assertEquals(b.read(), [Uint8Array.of(1, 2, 3), new Uint8Array(0)]);
});

Deno.test("answers text that is not a JSON object with malformed, and keeps the connection", async () => {
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

Deno.test("answers a wrong type with invalid", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  for (
    const type of ["", "1a", "__proto__", "$x", "a b", "ä", "x".repeat(65)]
  ) {
    peer.send({ type });
    assertEquals(peer.read().map(({ code }) => code), ["invalid"], type);
  }
});

Deno.test("delivers keys such as __proto__ unchanged", async () => {
  await using hub = inMemory();
  const [peer, other] = [hub.plain(), hub.plain()];
  const text =
    '{"type":"chat","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  peer.far.send(text);
  hub.flush();
  assertEquals(other.far.received.at(-1), text);
  assertEquals(({} as { polluted?: boolean }).polluted, undefined);
});

Deno.test("sends the contract's issues for a refused message, and its output for an accepted one", async () => {
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

Deno.test("answers with invalid when a validator throws or is async, and reports it", async () => {
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

Deno.test("closes with 1009 after a message above the limit in UTF-8 bytes", async () => {
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

Deno.test("closes a plain peer that does not read its replies with 4002", async () => {
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

Deno.test("keeps a plain peer that reads its replies", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = hub.plain();
  for (let i = 0; i < 20_000; i++) peer.send({ type: "ping" });
  assertEquals(peer.closed, undefined);
  assertEquals(peer.read().length, 20_000);
});

Deno.test("answers a plain peer with limit if the lobby cannot be created", async () => {
  await using hub = inMemory({ limits: { topics: 0 } });
  const peer = hub.connect("");
  assertEquals(peer.read().map(({ type, code }) => code ?? type), [
    "start",
    "limit",
  ]);
  peer.send({ type: "chat" });
  assertEquals(peer.read().map(({ code }) => code), ["limit"]);
});

Deno.test("a plain peer receives the messages of the lobby only", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.topic("room").publish({ type: "chat" });
  hub.flush();
  assertEquals(peer.read(), []);
});

Deno.test("a plain peer receives no earlier messages", async () => {
  await using hub = inMemory();
  hub.hub.broadcast({ type: "chat", text: "before" });
  hub.flush();
  const peer = hub.plain();
  hub.hub.broadcast({ type: "chat", text: "after" });
  hub.flush();
  assertEquals(peer.read(), [{ type: "chat", text: "after" }]);
});

Deno.test("sends no goaway to a plain peer", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  hub.hub.drain({ overMs: 1_000 });
  assertEquals(peer.read(), []);
});
