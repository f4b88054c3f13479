import { assertEquals } from "@std/assert";
import { encodeBinary } from "../../../messages.ts";
import { batch, handshake, harness, record } from "../harness.ts";

const OWN = "$peer/me";

Deno.test("dispatches a direct message as a direct event, from the first offset of the log", () => {
  using h = harness();
  const direct = record(h.client, "direct");
  const messages = record(h.client, "message");
  handshake(h.net.last);
  h.net.last.emit(batch(OWN, 5, "a", "b"));
  const header =
    `{"type":"batch","topic":"${OWN}","offset":7,"messages":[{"from":"$hub","at":9}]}`;
  h.net.last.emitBytes(encodeBinary(header, new Uint8Array([1])));
  assertEquals(
    direct.map(({ record }) =>
      record.kind === "record" ? record.message : record
    ),
    [
      { type: "chat", text: "a" },
      { type: "chat", text: "b" },
      {
        kind: "binary",
        topic: OWN,
        from: "$hub",
        at: 9,
        offset: 7,
        own: false,
        payload: new Uint8Array([1]),
      },
    ],
  );
  // The start only.
  assertEquals(messages.length, 1);
});

Deno.test("closes with 4003 after a direct message with an unexpected offset", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.emit(batch(OWN, 5, "a"));
  h.net.last.emit(batch(OWN, 7, "c"));
  assertEquals(h.client.lastClose?.code, 4003);
});

Deno.test("ignores the direct messages of another peer", () => {
  using h = harness();
  const direct = record(h.client, "direct");
  handshake(h.net.last);
  h.net.last.emit(batch("$peer/other", 0, "a"));
  h.net.last.emit({ type: "gap", topic: "$peer/other", from: 0, to: 1 });
  assertEquals([direct.length, h.client.state], [0, "open"]);
});

Deno.test("hello does not contain a direct log without an epoch, which starts again", () => {
  using h = harness();
  const direct = record(h.client, "direct");
  handshake(h.net.last);
  h.net.last.emit(batch(OWN, 5, "a"));
  h.client.reconnect();
  assertEquals(Object.keys(handshake(h.net.last).hello.topics), ["lobby"]);
  h.net.last.emit(batch(OWN, 9, "b"));
  assertEquals([direct.length, h.client.state], [2, "open"]);
});

Deno.test("resumes direct messages after a subscribed without an id, and reports their gaps", () => {
  using h = harness();
  const [gaps, caughtUp, direct] = [
    record(h.client, "gap"),
    record(h.client, "caughtup"),
    record(h.client, "direct"),
  ];
  handshake(h.net.last);
  h.net.last.emit({
    type: "subscribed",
    topic: OWN,
    epoch: "p1",
    offset: 2,
    recovered: true,
    head: 2,
  });
  h.net.last.emit({
    type: "subscribed",
    topic: "lobby",
    epoch: "p1",
    offset: 2,
    recovered: true,
    head: 2,
  });
  h.net.last.emit(batch(OWN, 2, "a"));
  h.net.last.emit({ type: "gap", topic: OWN, from: 3, to: 5 });
  h.client.reconnect();
  const { hello } = handshake(h.net.last, {
    topics: { [OWN]: { epoch: "p1", offset: 5, recovered: true, head: 6 } },
  });
  assertEquals(hello.topics[OWN], { epoch: "p1", offset: 5 });
  h.net.last.emit(batch(OWN, 5, "b"));
  assertEquals(gaps.map(({ topic, from, to }) => [topic, from, to]), [[
    OWN,
    3,
    5,
  ]]);
  assertEquals(caughtUp.map(({ topic, count }) => [topic, count]), [[OWN, 1]]);
  assertEquals(direct.length, 2);
});

Deno.test("starts direct messages at the offset of start", () => {
  using h = harness();
  handshake(h.net.last, {
    topics: { [OWN]: { epoch: "p1", offset: 3, recovered: false, head: 4 } },
  });
  h.net.last.emit(batch(OWN, 3, "a"));
  assertEquals(h.client.state, "open");
  h.net.last.emit(batch(OWN, 3, "a"));
  assertEquals(h.client.lastClose?.code, 4003);
});

Deno.test("a new session has a new direct log", () => {
  using h = harness();
  const direct = record(h.client, "direct");
  handshake(h.net.last);
  h.net.last.emit(batch(OWN, 5, "a"));
  h.client.reconnect();
  handshake(h.net.last, { resumed: false, peer: "me2", session: "me2.s" });
  h.net.last.emit(batch(OWN, 6, "old"));
  h.net.last.emit(batch("$peer/me2", 0, "new"));
  assertEquals(direct.map(({ record }) => record.offset), [5, 0]);
});
