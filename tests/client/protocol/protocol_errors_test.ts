import { assertEquals } from "@std/assert";
import { batch, handshake, harness, record, start } from "../harness.ts";

for (
  const [what, frame] of [
    ["text that is not JSON", "hello"],
    ["JSON that is not an object", "[]"],
    ["an object without a type", "{}"],
    [
      "a batch without an offset",
      '{"type":"batch","topic":"lobby","messages":[]}',
    ],
    [
      "a record without its peer",
      '{"type":"batch","topic":"lobby","offset":0,"messages":[{"at":1,"message":{"type":"a"}}]}',
    ],
    [
      "a record that is null",
      '{"type":"batch","topic":"lobby","offset":0,"messages":[null]}',
    ],
    [
      "a record without a time",
      '{"type":"batch","topic":"lobby","offset":0,"messages":[{"from":"x","message":{"type":"a"}}]}',
    ],
    [
      "a record without a message",
      '{"type":"batch","topic":"lobby","offset":0,"messages":[{"from":"x","at":1}]}',
    ],
    [
      "a message without a type",
      '{"type":"batch","topic":"lobby","offset":0,"messages":[{"from":"x","at":1,"message":{}}]}',
    ],
    ["an ack of nothing", '{"type":"ack"}'],
    ["a goaway without a time", '{"type":"goaway"}'],
    [
      "a second start",
      '{"type":"start","time":1,"peer":"p","session":"s","resumed":false,"heartbeat":{},"limits":{},"topics":{}}',
    ],
  ] as const
) {
  Deno.test(`reconnects with 4500 after ${what}`, () => {
    using h = harness();
    handshake(h.net.last);
    const messages: unknown[] = [];
    h.client.topic("lobby").onAny((message) => messages.push(message));
    h.net.last.emit(frame);
    assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 4500]);
    assertEquals([h.net.last.closedWith?.code, messages], [4500, []]);
  });
}

Deno.test("closes with 4500 after a binary frame without a header", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emitBytes(new Uint8Array([0, 0, 9]));
  assertEquals(h.client.lastClose?.code, 4500);
});

Deno.test("delivers no record of a batch that contains an invalid one", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const messages: unknown[] = [];
  lobby.onAny((message) => messages.push(message));
  handshake(h.net.last);
  const good = { from: "x", at: 1, message: { type: "chat" } };
  h.net.last.emit({
    type: "batch",
    topic: "lobby",
    offset: 0,
    messages: [good, 1],
  });
  assertEquals([messages, lobby.position], [[], { epoch: "e1", offset: 0 }]);
});

Deno.test("ignores frames of another version, and frames before start", () => {
  using h = harness();
  const messages = record(h.client, "message");
  h.net.last.accept();
  const [hello] = h.net.last.take();
  for (
    const early of [batch("lobby", 0, "a"), { type: "ping" }, {
      type: "goaway",
      afterMs: 0,
    }, { type: "future" }]
  ) {
    h.net.last.emit(early);
  }
  assertEquals([h.net.last.take(), messages.length, h.client.state], [
    [],
    0,
    "connecting",
  ]);
  start(h.net.last, hello);
  h.net.last.emit({ type: "future", id: 1 });
  h.net.last.emit({ type: "presence", topic: "lobby" });
  assertEquals(h.client.state, "open");
});

Deno.test("delivers nothing of a batch with an unexpected offset, and resumes at its position", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const texts: unknown[] = [];
  lobby.on("chat", ({ text }) => texts.push(text));
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a", "b"));
  h.net.last.emit(batch("lobby", 3, "d"));
  assertEquals(h.net.last.closedWith?.code, 4003);
  assertEquals([texts, h.client.state], [["a", "b"], "waiting"]);
  h.clock.tick(500);
  const { hello } = handshake(h.net.last);
  assertEquals([hello.session, hello.topics], ["me.secret", {
    lobby: { epoch: "e1", offset: 2 },
  }]);
  h.net.last.emit(batch("lobby", 2, "c", "d"));
  assertEquals(texts, ["a", "b", "c", "d"]);
});

Deno.test("closes with 4003 after a batch that was delivered before", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  h.net.last.emit(batch("lobby", 0, "a"));
  assertEquals(h.client.lastClose?.code, 4003);
});

Deno.test("closes with 4003 after a gap that does not start at the next offset", () => {
  using h = harness();
  handshake(h.net.last);
  const gaps = record(h.client, "gap");
  h.net.last.emit({ type: "gap", topic: "lobby", from: 4, to: 9 });
  assertEquals([h.client.lastClose?.code, gaps.length], [4003, 0]);
});
