import { assert, assertEquals, assertMatch } from "@std/assert";
import * as v from "valibot";
import { defineMessages, encodeBinary, PROTOCOL } from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";

const publish = (id: number, topic = "lobby", text = `${id}`) => ({
  type: "publish",
  id,
  topic,
  message: { type: "chat", text },
});

/** Frames that are answered with an error, and its code. */
const REFUSED: readonly (readonly [string, object, string])[] = [
  ["an unknown type", { type: "dance", id: 1 }, "unsupported"],
  ["a type of server frames", { type: "batch", id: 1 }, "unsupported"],
  ["a publish without an id", {
    type: "publish",
    topic: "lobby",
    message: { type: "chat" },
  }, "invalid"],
  ["a publish with a broken id", { ...publish(1), id: 1.5 }, "invalid"],
  ["a publish with a negative id", { ...publish(1), id: -1 }, "invalid"],
  ["a publish without a topic", {
    type: "publish",
    id: 1,
    message: { type: "chat" },
  }, "invalid"],
  [
    "a publish without a message",
    { type: "publish", id: 1, topic: "lobby" },
    "invalid",
  ],
  ["a publish of text", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: "hi",
  }, "invalid"],
  ["a publish of a list", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: [],
  }, "invalid"],
  ["a publish of a message without a type", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: {},
  }, "invalid"],
  ["a publish of a reserved type", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "error" },
  }, "invalid"],
  ["a publish to an empty name", publish(1, ""), "invalid"],
  ["a publish to a name with a newline", publish(1, "a\n"), "invalid"],
  ["a publish to a name of 256 bytes", publish(1, "x".repeat(256)), "invalid"],
  ["a publish to an internal name", publish(1, "$peer/x"), "forbidden"],
  ["a subscribe to an internal name", {
    type: "subscribe",
    id: 1,
    topic: "$x",
  }, "forbidden"],
  [
    "a second subscribe",
    { type: "subscribe", id: 1, topic: "lobby" },
    "already",
  ],
  ["a subscribe with a negative last", {
    type: "subscribe",
    id: 1,
    topic: "a",
    last: -1,
  }, "invalid"],
  ["a subscribe with a broken offset", {
    type: "subscribe",
    id: 1,
    topic: "a",
    epoch: "e",
    offset: 0.5,
  }, "invalid"],
  ["a subscribe with an offset without an epoch", {
    type: "subscribe",
    id: 1,
    topic: "a",
    offset: 1,
  }, "invalid"],
  ["a subscribe with an epoch without an offset", {
    type: "subscribe",
    id: 1,
    topic: "a",
    epoch: "e",
  }, "invalid"],
  ["an unsubscribe without a subscription", {
    type: "unsubscribe",
    id: 1,
    topic: "nowhere",
  }, "absent"],
  ["an ack without frames", { type: "ack", id: 1 }, "invalid"],
  ["an ack with a fraction", { type: "ack", id: 1, frames: 0.5 }, "invalid"],
  [
    "a ping with text as its time",
    { type: "ping", id: 1, time: "now" },
    "invalid",
  ],
  ["a pong with text as its frames", {
    type: "pong",
    id: 1,
    frames: "1",
  }, "invalid"],
  ["a message that the contract refuses", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat", text: 5 },
  }, "invalid"],
  ["a message that the contract does not name", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "move" },
  }, "unsupported"],
];

const BINARY_NOISE = Uint8Array.of(255, 255, 255, 255, 1);

/** Data that violates the protocol before hello. */
const NOT_A_HELLO:
  readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
    ["empty text", ""],
    ["text that is not JSON", "hello"],
    ["a list", "[]"],
    ["an object without a type", "{}"],
    ["a ping", '{"type":"ping"}'],
    ["a publish", JSON.stringify(publish(1))],
    ["an unknown frame", '{"type":"dance"}'],
    ["a hello with a list of topics", '{"type":"hello","topics":[]}'],
    ["a hello with a number as its session", '{"type":"hello","session":5}'],
    ["a hello with an object as its token", '{"type":"hello","token":{}}'],
    ["binary noise", BINARY_NOISE],
    ["an empty binary frame", new Uint8Array(0)],
    [
      "a hello in a binary frame",
      encodeBinary('{"type":"hello"}', new Uint8Array(0)),
    ],
  ];

/** Data that violates the protocol after start. */
const NOT_THE_PROTOCOL:
  readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
    ["malformed JSON", '{"type":'],
    ["a second hello", '{"type":"hello"}'],
    ["binary noise", BINARY_NOISE],
    ["a binary header that is not UTF-8", Uint8Array.of(0, 0, 0, 1, 255)],
    ["an ack of more frames than were sent", '{"type":"ack","frames":1}'],
    ["a ping of more frames than were sent", '{"type":"ping","frames":1}'],
    [
      "a pong of more frames than were sent",
      '{"type":"pong","frames":9007199254740991}',
    ],
  ];

for (const [words, frame, code] of REFUSED) {
  Deno.test(`answers ${words} with ${code} and its id, and keeps the connection`, async () => {
    await using hub = inMemory({
      contract: defineMessages({ chat: v.object({ text: v.string() }) }),
    });
    const { peer, start } = await hub.start();
    peer.send(frame);
    hub.flush();
    const [error, ...more] = peer.read();
    assertEquals([error.type, error.code], ["error", code]);
    const { id } = frame as { id?: number };
    assertEquals(error.id, Number.isInteger(id) && id! >= 0 ? id : undefined);
    assertMatch(error.message, /^[A-Z'].+[^.]$/);
    assertEquals(more, []);
    assertEquals(peer.closed, undefined);
    assertEquals(hub.hub.topic("lobby").bounds?.head, start.topics.lobby.head);
  });
}

Deno.test("answers a request without a handler with an error", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  peer.send({ type: "request", id: 4, method: "rename", data: {} });
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [4, "unsupported"]);
});

Deno.test("answers a binary frame that is not a publish, or has a message, with invalid", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  peer.sendBinary({ type: "ping", id: 1 }, Uint8Array.of(1));
  peer.sendBinary(publish(2), Uint8Array.of(1));
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[1, "invalid"], [
    2,
    "invalid",
  ]]);
});

Deno.test("ignores unknown fields", async () => {
  await using hub = inMemory();
  const { peer } = await hub.start({ future: { a: 1 } });
  peer.send({ ...publish(1), priority: 5 });
  peer.send({ type: "ping", hurry: true });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["pong", "ack", "batch"]);
});

for (const [words, data] of NOT_A_HELLO) {
  Deno.test(`closes with 4500 after ${words} instead of hello`, async () => {
    await using hub = inMemory();
    const peer = hub.connect(PROTOCOL);
    peer.far.send(data);
    assertEquals(peer.closed?.code, 4500);
    assert(peer.closed!.reason.length > 0);
    assertEquals(hub.opened, []);
  });
}

for (const [words, data] of NOT_THE_PROTOCOL) {
  Deno.test(`closes with 4500 after ${words}`, async () => {
    await using hub = inMemory();
    const peer = await hub.v1();
    peer.far.send(data);
    assertEquals(peer.closed?.code, 4500);
    assertEquals(hub.closed.map(({ code }) => code), [4500]);
  });
}

Deno.test("answers a ping between hello and start, and closes with 4500 after any other frame", async () => {
  await using hub = inMemory();
  const patient = hub.connect(PROTOCOL);
  patient.send({ type: "hello" });
  patient.send({ type: "ping", time: 3 });
  assertEquals(patient.read(), [{ type: "pong", time: 3 }]);
  for (
    const frame of [publish(1), { type: "hello" }, { type: "ack", frames: 0 }]
  ) {
    const hasty = hub.connect(PROTOCOL);
    hasty.send({ type: "hello" });
    hasty.send(frame);
    assertEquals(hasty.closed?.code, 4500);
  }
  assertEquals((await patient.until("start")).length, 1);
});

Deno.test("a connection that closes before start does not join", async () => {
  await using hub = inMemory();
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello" });
  peer.far.drop();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals(peer.read(), []);
  assertEquals([hub.opened, hub.closed], [[], []]);
  assertEquals(hub.hub.topic("lobby").subscribers.size, 0);
});
