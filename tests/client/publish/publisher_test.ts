import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import { decodeClientFrame, defineMessages } from "../../../messages.ts";
import {
  type AnyFrame,
  flushed,
  handshake,
  harness,
  record,
  settle,
} from "../harness.ts";

/** Returns the code of the error that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, DrumbeatError)).code;
}

Deno.test("publishes one frame, and resolves with the offset", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const offset = lobby.publish({ type: "chat", text: "hi" });
  assertEquals(h.net.last.takeRaw(), [
    '{"type":"publish","id":1,"topic":"lobby","message":{"type":"chat","text":"hi"}}',
  ]);
  h.net.last.emit({ type: "ack", id: 1, offset: 42 });
  assertEquals(await offset, 42);
});

Deno.test("publishes bytes and Blobs as binary frames, in the order of the calls", async () => {
  using h = harness();
  const room = h.client.topic("room:1");
  handshake(h.net.last);
  const offsets = [
    room.publish(new Blob([new Uint8Array([1])])),
    room.publish(new Uint8Array([2])),
    room.publish({ type: "chat" }),
    room.publish(new Uint8Array([3]).buffer),
  ];
  await flushed(h.client);
  const frames = h.net.last.takeRaw().map((data) => {
    const decoded = decodeClientFrame(data);
    return decoded.ok ? [decoded.frame, decoded.payload] : decoded;
  });
  assertEquals(frames, [
    [{ type: "publish", id: 1, topic: "room:1" }, new Uint8Array([1])],
    [{ type: "publish", id: 2, topic: "room:1" }, new Uint8Array([2])],
    [
      { type: "publish", id: 3, topic: "room:1", message: { type: "chat" } },
      undefined,
    ],
    [{ type: "publish", id: 4, topic: "room:1" }, new Uint8Array([3])],
  ] as AnyFrame);
  for (let id = 1; id <= 4; id++) {
    h.net.last.emit({ type: "ack", id, offset: id + 10 });
  }
  assertEquals(await Promise.all(offsets), [11, 12, 13, 14]);
});

Deno.test("publishes before the first connection wait for it, in order", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const offsets = [lobby.publish({ type: "a" }), lobby.publish({ type: "b" })];
  assertEquals(h.client.bufferedAmount, 24);
  const { frames } = handshake(h.net.last);
  assertEquals(frames.map(({ id, message }) => [id, message.type]), [[1, "a"], [
    2,
    "b",
  ]]);
  assertEquals(h.client.bufferedAmount, 0);
  for (const id of [1, 2]) h.net.last.emit({ type: "ack", id, offset: id });
  assertEquals(await Promise.all(offsets), [1, 2]);
});

Deno.test("sends the message as it was when it was published", async () => {
  using h = harness();
  const message = { type: "chat", text: "before" };
  const offset = h.client.topic("lobby").publish(message);
  message.text = "after";
  assertEquals(handshake(h.net.last).frames[0].message.text, "before");
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  await offset;
});

Deno.test("sends a publish without an ack again under the same id after a resume, and settles it once", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const first = lobby.publish({ type: "a" });
  h.net.last.drop();
  const second = lobby.publish({ type: "b" });
  h.clock.tick(500);
  const { frames } = handshake(h.net.last, { resumed: true });
  assertEquals(frames.map(({ id, message }) => [id, message.type]), [[1, "a"], [
    2,
    "b",
  ]]);
  h.net.last.emit({ type: "ack", id: 1, offset: 5 });
  h.net.last.emit({ type: "ack", id: 1, offset: 6 });
  h.net.last.emit({ type: "ack", id: 2, offset: 7 });
  assertEquals([await first, await second], [5, 7]);
});

Deno.test("without a resume, sent messages are indeterminate, and the others are sent with new ids", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const dropped = record(h.client, "dropped");
  handshake(h.net.last);
  const first = lobby.publish({ type: "a" });
  h.net.last.drop();
  const second = lobby.publish({ type: "b" });
  h.clock.tick(500);
  const { frames } = handshake(h.net.last, { resumed: false, session: "new" });
  assertEquals(await codeOf(first), "indeterminate");
  assertEquals(
    dropped.map(({ topic, message, reason }) => [topic, message, reason]),
    [
      ["lobby", { type: "a" }, "indeterminate"],
    ],
  );
  assertEquals(frames.map(({ id, message }) => [id, message.type]), [[2, "b"]]);
  h.net.last.emit({ type: "ack", id: 2, offset: 0 });
  assertEquals(await second, 0);
});

Deno.test("sends at most limits.inflight unsettled publishes", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last, { limits: { inflight: 2 } });
  const offsets = ["a", "b", "c"].map((type) => lobby.publish({ type }));
  assertEquals(h.net.last.take().length, 2);
  h.net.last.emit({ type: "ack", id: 2, offset: 1 });
  assertEquals((h.net.last.take() as AnyFrame[]).map(({ id }) => id), [3]);
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  h.net.last.emit({ type: "ack", id: 3, offset: 2 });
  assertEquals(await Promise.all(offsets), [0, 1, 2]);
});

Deno.test("rejects with the server's code and issues", async () => {
  using h = harness();
  handshake(h.net.last);
  const refused = h.client.topic("lobby").publish({ type: "chat" });
  const messages = record(h.client, "message");
  h.net.last.emit({
    type: "error",
    id: 1,
    code: "invalid",
    message: "Not a valid 'chat'",
    issues: [{ message: "x" }],
  });
  const error = await assertRejects(
    () => refused,
    DrumbeatError,
    "Not a valid 'chat'",
  );
  assertEquals([error.code, error.issues, messages.length], ["invalid", [{
    message: "x",
  }], 0]);
});

const contract = defineMessages({
  chat: (value): value is { text: string } =>
    typeof (value as { text?: unknown }).text === "string",
});

Deno.test("does not send what the contract refuses", async () => {
  using h = harness({ contract });
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  assertEquals(
    await codeOf(lobby.publish({ type: "chat", text: 1 } as never)),
    "invalid",
  );
  assertEquals(
    await codeOf(lobby.publish({ type: "other" } as never)),
    "unsupported",
  );
  assertEquals(await codeOf(lobby.publish("text" as never)), "invalid");
  assertEquals(h.net.last.take(), []);
});

Deno.test("rejects a message that is not JSON with a TypeError, and a wrong timeout with a RangeError or TypeError", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const cycle: Record<string, unknown> = { type: "chat" };
  cycle.self = cycle;
  await assertRejects(() => lobby.publish(cycle as never), TypeError);
  await assertRejects(
    () => lobby.publish({ type: "chat" }, { timeoutMs: -1 }),
    RangeError,
    "'timeoutMs'",
  );
  await assertRejects(
    () => lobby.publish({ type: "chat" }, { timeoutMs: "1" as never }),
    TypeError,
    "'timeoutMs'",
  );
});

Deno.test("does not send a message above the server's limit, which would close the connection", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const dropped = record(h.client, "dropped");
  handshake(h.net.last, { limits: { messageBytes: 100 } });
  assertEquals(
    await codeOf(lobby.publish({ type: "chat", text: "x".repeat(100) })),
    "large",
  );
  assertEquals(await codeOf(lobby.publish(new Uint8Array(100))), "large");
  assertEquals([h.net.last.take(), dropped.map(({ reason }) => reason)], [[], [
    "large",
    "large",
  ]]);
  // The limit counts the frame, with 54 bytes besides the message.
  const fits = lobby.publish({ type: "chat", text: "ü".repeat(10) });
  assertEquals(h.net.last.take().length, 1);
  h.net.last.emit({ type: "ack", id: 3, offset: 0 });
  await fits;
});

Deno.test("bounds the outbox by count, bytes and age, and reports what it drops", async () => {
  using h = harness({ outbox: { maxCount: 2, maxBytes: 40, maxAgeMs: 1_000 } });
  const lobby = h.client.topic("lobby");
  const dropped = record(h.client, "dropped");
  const waiting = lobby.publish({ type: "a" });
  assertEquals(
    await codeOf(lobby.publish({ type: "chat", text: "x".repeat(30) })),
    "limit",
  );
  h.client.send('{"type":"b"}');
  assertEquals(await codeOf(lobby.publish({ type: "c" })), "limit");
  h.clock.tick(1_000);
  assertEquals(await codeOf(waiting), "timeout");
  assertEquals(
    dropped.map(({ topic, message, reason }) => [topic, message, reason]),
    [
      ["lobby", { type: "chat", text: "x".repeat(30) }, "limit"],
      ["lobby", { type: "c" }, "limit"],
      ["lobby", { type: "a" }, "timeout"],
      ["lobby", '{"type":"b"}', "timeout"],
    ],
  );
  assertEquals(h.client.bufferedAmount, 0);
});

Deno.test("an abort or a timeout withdraws an unsent message, and stops the wait for a sent one", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const abort = new AbortController();
  const early = lobby.publish({ type: "a" }, { signal: abort.signal });
  const short = lobby.publish({ type: "b" }, { timeoutMs: 100 });
  abort.abort(new Error("changed my mind"));
  await assertRejects(() => early, Error, "changed my mind");
  h.clock.tick(100);
  assertEquals(await codeOf(short), "timeout");
  assertEquals(handshake(h.net.last).frames, []);
  const sent = new AbortController();
  const late = lobby.publish({ type: "c" }, { signal: sent.signal });
  const slow = lobby.publish({ type: "d" }, { timeoutMs: 100 });
  sent.abort(new Error("too late"));
  await assertRejects(() => late, Error, "too late");
  h.clock.tick(100);
  assertEquals(await codeOf(slow), "indeterminate");
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  h.net.last.emit({ type: "ack", id: 2, offset: 1 });
  assertEquals(h.client.state, "open");
});

Deno.test("closing the client rejects sent publishes with indeterminate and the others with closed", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last, { limits: { inflight: 1 } });
  const [sent, waiting] = [
    lobby.publish({ type: "a" }),
    lobby.publish({ type: "b" }),
  ];
  h.client.close();
  assertEquals([await codeOf(sent), await codeOf(waiting)], [
    "indeterminate",
    "closed",
  ]);
  assertEquals(await codeOf(lobby.publish({ type: "c" })), "closed");
});

Deno.test("sends what a closing connection did not accept over the next one", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  // The close frame has arrived, and its event has not been dispatched.
  h.net.last.readyState = 2;
  const offset = lobby.publish({ type: "a" });
  h.net.last.drop(1012);
  h.clock.tick(500);
  const { frames } = handshake(h.net.last, { resumed: false });
  assertEquals(frames.map(({ message }) => message.type), ["a"]);
  h.net.last.emit({ type: "ack", id: frames[0].id, offset: 3 });
  assertEquals(await offset, 3);
});

Deno.test("sends a Blob that was being read when the connection closed over the next one", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const read = Promise.withResolvers<ArrayBuffer>();
  class Slow extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return read.promise;
    }
  }
  const offset = lobby.publish(new Slow(["ab"]));
  h.client.reconnect();
  handshake(h.net.last);
  read.resolve(new Uint8Array([9]).buffer);
  await settle();
  assertEquals(h.net.last.takeRaw().length, 1);
  h.net.last.emit({ type: "ack", id: 1, offset: 1 });
  assertEquals(await offset, 1);
});

Deno.test("sends a message of exactly the server's limit", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const frame =
    '{"type":"publish","id":1,"topic":"lobby","message":{"type":"chat"}}';
  handshake(h.net.last, { limits: { messageBytes: frame.length } });
  const offset = lobby.publish({ type: "chat" });
  assertEquals(h.net.last.takeRaw(), [frame]);
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  await offset;
});

Deno.test("a broken Blob that the outbox refuses causes one error", async () => {
  class Broken extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(new Error("gone"));
    }
  }
  using h = harness({ outbox: { maxCount: 0 } });
  assertEquals(
    await codeOf(h.client.topic("lobby").publish(new Broken())),
    "limit",
  );
  await settle();
});
