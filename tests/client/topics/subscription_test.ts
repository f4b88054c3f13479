import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError, type TopicRecord } from "../../../client.ts";
import { defineMessages, encodeBinary } from "../../../messages.ts";
import { batch, caught, handshake, harness, record } from "../harness.ts";

function binary(
  topic: string,
  offset: number,
  ...payload: number[]
): Uint8Array<ArrayBuffer> {
  return encodeBinary(
    JSON.stringify({
      type: "batch",
      topic,
      offset,
      messages: [{ from: "you", at: 5 }],
    }),
    new Uint8Array(payload),
  );
}

Deno.test("each handler receives its type, with the context", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const seen: unknown[] = [];
  lobby.on("chat", (message, info) => seen.push(["chat", message, info]));
  lobby.onAny((message) => seen.push(["any", message.type]));
  lobby.onBinary((payload, { offset }) =>
    seen.push(["binary", payload, offset])
  );
  handshake(h.net.last);
  h.net.last.emit({
    type: "batch",
    topic: "lobby",
    offset: 0,
    messages: [
      { from: "you", at: 3, message: { type: "chat", text: "a" } },
      { from: "me", at: 4, message: { type: "wave" } },
    ],
  });
  h.net.last.emitBytes(binary("lobby", 2, 1, 2));
  const [chat, any, wave, bytes] = seen as [
    [string, unknown, { own: boolean }],
    unknown,
    unknown,
    unknown,
  ];
  assertEquals(chat.slice(0, 2), ["chat", { type: "chat", text: "a" }]);
  const { topic, from, at, offset, own } = chat[2] as unknown as Record<
    string,
    unknown
  >;
  assertEquals({ topic, from, at, offset, own }, {
    topic: "lobby",
    from: "you",
    at: 3,
    offset: 0,
    own: false,
  });
  assertEquals([any, wave], [["any", "chat"], ["any", "wave"]]);
  assertEquals(bytes, ["binary", new Uint8Array([1, 2]), 2]);
});

Deno.test("marks the records that this client published", () => {
  using h = harness();
  const own: boolean[] = [];
  h.client.topic("lobby").onAny((_message, info) => own.push(info.own));
  handshake(h.net.last);
  for (const [offset, from] of ["me", "you", "$hub"].entries()) {
    h.net.last.emit({
      type: "batch",
      topic: "lobby",
      offset,
      messages: [{ from, at: 1, message: { type: "x" } }],
    });
  }
  assertEquals(own, [true, false, false]);
});

Deno.test("a removed handler receives nothing more", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const seen: unknown[] = [];
  const stop = lobby.on("chat", ({ text }) => seen.push(text));
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  stop();
  stop();
  h.net.last.emit(batch("lobby", 1, "b"));
  assertEquals(seen, ["a"]);
});

Deno.test("reports a handler that throws, and calls the others", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const seen: unknown[] = [];
  lobby.on("chat", () => {
    throw new Error("handler");
  });
  lobby.on("chat", ({ text }) => seen.push(text));
  handshake(h.net.last);
  const errors = caught(() => h.net.last.emit(batch("lobby", 0, "a", "b")));
  assertEquals(seen, ["a", "b"]);
  assertEquals(errors.map((error) => (error as Error).message), [
    "handler",
    "handler",
  ]);
});

Deno.test("a record without from or at has those of the record before it", () => {
  using h = harness();
  handshake(h.net.last);
  const seen: unknown[] = [];
  h.client.topic("lobby").onAny((_, { from, at, own }) =>
    seen.push([from, at, own])
  );
  const message = { type: "chat", text: "" };
  h.net.last.emit({
    type: "batch",
    topic: "lobby",
    offset: 0,
    messages: [
      { from: "me", at: 1, message },
      { message },
      { from: "you", message },
      { at: 2, message },
    ],
  });
  assertEquals(seen, [
    ["me", 1, true],
    ["me", 1, true],
    ["you", 1, false],
    ["you", 2, false],
  ]);
});

Deno.test("skips replaced records without a gap, and closes with 4500 after a record with a smaller offset", () => {
  using h = harness();
  handshake(h.net.last);
  const topic = h.client.topic("lobby");
  const seen: number[] = [];
  const gaps: unknown[] = [];
  topic.onAny((_, { offset }) => seen.push(offset));
  topic.onGap((gap) => gaps.push(gap));
  const message = { type: "price" };
  const state = (offset: number, ...offsets: (number | undefined)[]) => ({
    type: "batch",
    topic: "lobby",
    offset,
    next: 10,
    messages: offsets.map((offset) => ({
      ...(offset === undefined ? {} : { offset }),
      from: "you",
      at: 1,
      message,
    })),
  });
  h.net.last.emit(state(0, 3, undefined, 9));
  assertEquals([seen, gaps], [[3, 4, 9], []]);
  assertEquals(topic.position?.offset, 10);
  h.net.last.emit(state(10, 9));
  assertEquals([seen, h.client.lastClose?.code], [[3, 4, 9], 4500]);
});

Deno.test("for await returns records, bytes and gaps in order, and ends with the topic", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const iterator = lobby[Symbol.asyncIterator]();
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  h.net.last.emitBytes(binary("lobby", 1, 7));
  h.net.last.emit({ type: "gap", topic: "lobby", from: 2, to: 4 });
  const records: TopicRecord[] = [];
  for (let i = 0; i < 3; i++) records.push((await iterator.next()).value!);
  assertEquals(records, [
    {
      kind: "record",
      ...{
        topic: "lobby",
        from: "you",
        at: 1_700_000_000_001,
        offset: 0,
        own: false,
      },
      message: { type: "chat", text: "a" },
    },
    {
      kind: "binary",
      topic: "lobby",
      from: "you",
      at: 5,
      offset: 1,
      own: false,
      payload: new Uint8Array([7]),
    },
    { kind: "gap", topic: "lobby", from: 2, to: 4 },
  ]);
  h.net.last.emit(batch("lobby", 4, "b"));
  lobby.close();
  assertEquals((await iterator.next()).value?.kind, "record");
  assertEquals((await iterator.next()).done, true);
  assertEquals((await lobby[Symbol.asyncIterator]().next()).done, true);
});

Deno.test("for await ends with break, and receives nothing more", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const reading = (async () => {
    for await (const record of lobby) return record.kind;
  })();
  h.net.last.emit(batch("lobby", 0, "a"));
  assertEquals(await reading, "record");
  h.net.last.emit(batch("lobby", 1, "b"));
  assertEquals(h.client.state, "open");
});

const contract = defineMessages({
  chat: (value): value is { text: string } =>
    typeof (value as { text?: unknown }).text === "string",
});

Deno.test("dispatches a record that the contract refuses as an invalid event only", async () => {
  using h = harness({ contract });
  const lobby = h.client.topic("lobby");
  const [invalid, seen] = [record(h.client, "invalid"), [] as unknown[]];
  lobby.onAny((message) => seen.push(message));
  const iterator = lobby[Symbol.asyncIterator]();
  handshake(h.net.last);
  h.net.last.emit({
    type: "batch",
    topic: "lobby",
    offset: 0,
    messages: [
      { from: "you", at: 1, message: { type: "chat", text: 1 } },
      { from: "you", at: 1, message: { type: "other" } },
      { from: "you", at: 1, message: { type: "chat", text: "a" } },
    ],
  });
  assertEquals(invalid.map(({ reason }) => reason), [
    "Not a valid 'chat'",
    "The contract has no message 'other'",
  ]);
  assertEquals(
    invalid.map((
      { message, context, issues },
    ) => [message, context.offset, issues]),
    [
      [{ type: "chat", text: 1 }, 0, []],
      [{ type: "other" }, 1, []],
    ],
  );
  assertEquals(seen, [{ type: "chat", text: "a" }]);
  assertEquals((await iterator.next()).value, {
    kind: "record",
    ...{ topic: "lobby", from: "you", at: 1, offset: 2, own: false },
    message: { type: "chat", text: "a" },
  });
});

Deno.test("reports a validator that throws, and delivers the next record", () => {
  const throwing = defineMessages({
    chat(value): value is { text: string } {
      if ((value as { text: string }).text === "boom") {
        throw new Error("validator");
      }
      return true;
    },
  });
  using h = harness({ contract: throwing });
  const seen: unknown[] = [];
  h.client.topic("lobby").on("chat", ({ text }) => seen.push(text));
  handshake(h.net.last);
  const errors = caught(() => h.net.last.emit(batch("lobby", 0, "boom", "a")));
  assertEquals([seen, errors.length], [["a"], 1]);
});

Deno.test("a closed topic rejects publish and subscribed with closed", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  await room.close();
  const error = await assertRejects(
    () => room.publish({ type: "chat" }),
    DrumbeatError,
  );
  assertEquals(error.code, "closed");
  assertEquals(
    (await assertRejects(() => room.subscribed(), DrumbeatError)).code,
    "closed",
  );
});
