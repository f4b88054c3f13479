import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import {
  type AnyFrame,
  batch,
  handshake,
  harness,
  record,
  settle,
  start,
} from "../harness.ts";

Deno.test("sends hello first, with the lobby and without a session or a token", () => {
  using h = harness();
  assertEquals(h.net.last.protocols, ["drumbeat.v1"]);
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), [
    '{"type":"hello","topics":{"lobby":{}}}',
  ]);
});

Deno.test("hello contains the program's topics and their starts", () => {
  using h = harness();
  h.client.topic("lobby", { last: 50 });
  h.client.topic("room:1", { epoch: "a", offset: 17 });
  h.client.topic("__proto__");
  h.net.last.accept();
  assertEquals(
    h.net.last.takeRaw()[0],
    '{"type":"hello","topics":{"lobby":{"last":50},"room:1":{"epoch":"a","offset":17},"__proto__":{}}}',
  );
});

Deno.test("hello contains no topic where the option 'lobby' is false", () => {
  using h = harness({ lobby: false });
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), ['{"type":"hello","topics":{}}']);
});

Deno.test("hello does not contain a lobby that was closed before it", () => {
  using h = harness();
  h.client.topic("lobby").close();
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), ['{"type":"hello","topics":{}}']);
});

Deno.test("a client that was open reconnects where another server does not select the subprotocol", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.drop();
  h.clock.tick(500);
  h.net.last.accept("");
  assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 4506]);
  h.clock.tick(1_000);
  handshake(h.net.last);
  assertEquals(h.client.state, "open");
});

Deno.test("stays closed after a close frame with 4500 to 4999 of the server", () => {
  for (const code of [4500, 4503, 4506, 4999]) {
    using h = harness();
    handshake(h.net.last);
    h.net.last.drop(code);
    assertEquals([h.client.state, h.client.lastClose?.code], ["closed", code]);
  }
});

Deno.test("a first connection closes with 4506 where the server does not select the subprotocol", () => {
  using h = harness();
  h.net.last.accept("");
  assertEquals([h.client.state, h.client.lastClose?.code], ["closed", 4506]);
  assertEquals(h.net.last.takeRaw(), []);
});

Deno.test("sends the token with each hello, and calls the token function each time", async () => {
  let tokens = 0;
  using h = harness({ token: () => Promise.resolve(`t${++tokens}`) });
  h.net.last.accept();
  assertEquals(h.net.last.takeRaw(), []);
  await settle();
  const [hello] = h.net.last.take() as AnyFrame[];
  assertEquals(hello.token, "t1");
  start(h.net.last, hello);
  h.client.reconnect();
  h.net.last.accept();
  await settle();
  assertEquals((h.net.last.take() as AnyFrame[])[0].token, "t2");
  using other = harness({ token: "fixed" });
  assertEquals(handshake(other.net.last).hello.token, "fixed");
});

Deno.test("reconnects where the token function throws, with its error as the reason", async () => {
  using h = harness({
    token() {
      throw new Error("offline");
    },
  });
  h.net.last.accept();
  await settle();
  assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 1006]);
  assertStringIncludes(h.client.lastClose!.reason, "offline");
});

Deno.test("does not use a token that arrives after its connection closed", async () => {
  const token = Promise.withResolvers<string>();
  using h = harness({ token: () => token.promise });
  h.net.last.accept();
  // The time of the token is not the network's.
  h.clock.tick(29_999);
  assertEquals(h.client.state, "connecting");
  h.clock.tick(1);
  assertEquals([h.client.state, h.client.lastClose?.reason], [
    "waiting",
    "No token within 30000 ms",
  ]);
  const old = h.net.last;
  h.clock.tick(500);
  token.resolve("late");
  await settle();
  assertEquals(old.takeRaw(), []);
  h.net.last.accept();
  await settle();
  assertEquals((h.net.last.take() as AnyFrame[]).length, 1);
});

Deno.test("start sets the public id, the limits and whether the session was resumed", () => {
  using h = harness();
  assertEquals([h.client.peer, h.client.limits, h.client.resumed], [
    undefined,
    undefined,
    false,
  ]);
  handshake(h.net.last);
  assertEquals(h.client.peer, "me");
  assertEquals(h.client.limits, {
    messageBytes: 65_536,
    windowBytes: 262_144,
    inflight: 256,
    topicsPerPeer: 128,
    messagesPerSecond: Infinity,
    bytesPerSecond: Infinity,
  });
  h.client.reconnect();
  const { hello } = handshake(h.net.last, { resumed: true });
  assertEquals([hello.session, h.client.resumed], ["me.secret", true]);
  h.client.reconnect();
  handshake(h.net.last, { resumed: false, peer: "me2", session: "me2.secret" });
  assertEquals([h.client.peer, h.client.resumed], ["me2", false]);
});

Deno.test("replaces invalid limits by the defaults", () => {
  using h = harness();
  handshake(h.net.last, {
    limits: {
      messageBytes: 0,
      windowBytes: "x",
      inflight: -1,
      messagesPerSecond: 0,
      bytesPerSecond: null,
    },
  });
  assertEquals(h.client.limits, {
    messageBytes: 65_536,
    windowBytes: 262_144,
    inflight: 256,
    topicsPerPeer: 128,
    messagesPerSecond: Infinity,
    bytesPerSecond: Infinity,
  });
});

Deno.test("sends the first ping after start, and reports the round trip", () => {
  using h = harness();
  const beats = record(h.client, "heartbeat");
  h.net.last.accept();
  start(h.net.last, h.net.last.take()[0]);
  assertEquals(h.net.last.take(), [{
    type: "ping",
    time: h.clock.time(),
    frames: 0,
  }]);
  h.clock.tick(12);
  h.net.last.emit({ type: "pong", time: 1 });
  h.net.last.emit({ type: "pong", time: 2 });
  assertEquals([beats.map(({ rttMs }) => rttMs), h.client.rttMs], [[12], 12]);
});

Deno.test("answers the server's pings at once, with the number of received batches", () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  h.net.last.emit({ type: "ping", time: 77 });
  h.net.last.emit({ type: "ping" });
  assertEquals(h.net.last.take(), [{ type: "pong", time: 77, frames: 1 }, {
    type: "pong",
    frames: 1,
  }]);
});

Deno.test("sends no pings without a heartbeat", () => {
  using h = harness({ heartbeat: false });
  h.net.last.accept();
  start(h.net.last, h.net.last.take()[0]);
  h.clock.tick(1e6);
  assertEquals([h.net.last.take(), h.client.state], [[], "open"]);
});

Deno.test("uses the server's heartbeat unless the program gave one", () => {
  using h = harness();
  handshake(h.net.last, { heartbeat: { intervalMs: 1_000, timeoutMs: 3_000 } });
  h.clock.tick(1_000);
  assertEquals(h.net.last.take().length, 1);
  h.clock.tick(2_000);
  assertEquals(h.client.lastClose?.code, 4001);
  using own = harness({ heartbeat: { intervalMs: 500, timeoutMs: 5_000 } });
  handshake(own.net.last, {
    heartbeat: { intervalMs: 1_000, timeoutMs: 3_000 },
  });
  own.clock.tick(4_000);
  assertEquals([own.net.last.take().length, own.client.state], [8, "open"]);
});

Deno.test("acknowledges every quarter of the window, in UTF-8 bytes across all topics", () => {
  using h = harness({ heartbeat: false });
  h.client.topic("room:1");
  handshake(h.net.last, { limits: { windowBytes: 4_000 } });
  const [first, second] = [
    batch("lobby", 0, "ü".repeat(300)),
    batch("room:1", 0, "x".repeat(600)),
  ];
  h.net.last.emit(first);
  assertEquals(h.net.last.take(), []);
  h.net.last.emit(second);
  assertEquals(h.net.last.take(), [{ type: "ack", frames: 2 }]);
  // A batch of a topic without a subscription counts as well.
  h.net.last.emit(batch("other", 0, "x".repeat(1_000)));
  assertEquals(h.net.last.take(), [{ type: "ack", frames: 3 }]);
  h.net.last.emitBytes(binaryBatch("lobby", 1, new Uint8Array(1_000)));
  assertEquals(h.net.last.take(), [{ type: "ack", frames: 4 }]);
});

Deno.test("counts the received frames of each connection separately", () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last, { limits: { windowBytes: 4 } });
  h.net.last.emit(batch("lobby", 0, "a"));
  assertEquals(h.net.last.take(), [{ type: "ack", frames: 1 }]);
  h.client.reconnect();
  handshake(h.net.last, { limits: { windowBytes: 4 } });
  h.net.last.emit(batch("lobby", 1, "b"));
  assertEquals(h.net.last.take(), [{ type: "ack", frames: 1 }]);
});

/** Returns a batch of one binary record. */
function binaryBatch(
  topic: string,
  offset: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = JSON.stringify({
    type: "batch",
    topic,
    offset,
    messages: [{ from: "you", at: 1 }],
  });
  const bytes = new Uint8Array(4 + header.length + payload.length);
  new DataView(bytes.buffer).setUint32(0, header.length);
  bytes.set(new TextEncoder().encode(header), 4);
  bytes.set(payload, 4 + header.length);
  return bytes;
}

Deno.test("gives acks to publishes and replies to requests, and ignores other answers", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const offset = lobby.publish({ type: "chat", text: "a" });
  const answer = h.client.request("time", { zone: "utc" });
  const refused = assertRejects(
    () => h.client.request("time"),
    DrumbeatError,
    "no such method",
  );
  const [publish, request, second] = h.net.last.take() as AnyFrame[];
  assertEquals(request, {
    type: "request",
    id: 2,
    method: "time",
    data: { zone: "utc" },
  });
  for (const id of [publish.id, 99]) {
    h.net.last.emit({ type: "ack", id, offset: 7 });
  }
  for (const id of [request.id, 99]) {
    h.net.last.emit({ type: "reply", id, data: "noon" });
  }
  for (const id of [second.id, 99]) {
    h.net.last.emit({
      type: "error",
      id,
      code: "unsupported",
      message: "no such method",
    });
  }
  assertEquals([await offset, await answer], [7, "noon"]);
  assertEquals((await refused).code, "unsupported");
  assertEquals(h.client.state, "open");
});

Deno.test("a request waits for start, and is rejected with disconnected when the connection closes", async () => {
  using h = harness();
  const code = async (answer: Promise<unknown>): Promise<unknown> =>
    (await assertRejects(() => answer) as DrumbeatError).code;
  const early = h.client.request("early");
  h.net.last.accept();
  const [hello, ...others] = h.net.last.take();
  assertEquals(others, []);
  start(h.net.last, hello);
  const sent = h.net.last.take() as AnyFrame[];
  const request = sent.find(({ type }) => type === "request");
  h.net.last.emit({ type: "reply", id: request.id, data: 1 });
  assertEquals(await early, 1);
  const cut = h.client.request("a");
  h.net.last.drop();
  assertEquals(await code(cut), "disconnected");
  h.clock.tick(500);
  assertEquals(handshake(h.net.last).frames, []);
  const closed = h.client.request("a");
  h.client.close();
  assertEquals([await code(closed), await code(h.client.request("a"))], [
    "closed",
    "closed",
  ]);
});

Deno.test("dispatches an error without an id as a message, as a plain peer receives it", () => {
  using h = harness();
  const messages = record(h.client, "message");
  handshake(h.net.last);
  h.net.last.emit({ type: "error", code: "malformed", message: "Not JSON" });
  assertEquals(
    messages.at(-1)!.data,
    '{"type":"error","code":"malformed","message":"Not JSON"}',
  );
});

Deno.test("a listener that closes or reconnects on start stops the rest of the start", () => {
  for (const end of ["close", "reconnect"] as const) {
    for (const type of ["statechange", "open", "message"] as const) {
      using h = harness();
      h.client.topic("lobby").publish({ type: "chat", text: "a" }).catch(
        () => {},
      );
      h.client.addEventListener(type, () => {
        if (h.client.state === "open") h.client[end]();
      });
      const opens = record(h.client, "open");
      const socket = h.net.last;
      socket.accept();
      start(socket, socket.take()[0]);
      // What waited is sent before the events of the start; nothing after them.
      assertEquals(
        (socket.take() as AnyFrame[]).map(({ type }) => type),
        ["publish"],
        `${end} on ${type}`,
      );
      assertEquals(socket.closedWith !== undefined, true);
      assertEquals(opens.length, type === "statechange" ? 0 : 1);
    }
  }
});

Deno.test("a handler that closes the client receives no further record, and the client sends no ack", () => {
  using h = harness({ heartbeat: false });
  const lobby = h.client.topic("lobby");
  const texts: unknown[] = [];
  lobby.on("chat", ({ text }) => {
    texts.push(text);
    h.client.close();
  });
  handshake(h.net.last, { limits: { windowBytes: 4 } });
  h.net.last.emit(batch("lobby", 0, "a", "b"));
  assertEquals([texts, h.net.last.take()], [["a"], []]);
});
