import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Client } from "../../client.ts";
import { decodeClientFrame, encodeBinary } from "../../messages.ts";
import {
  type AnyFrame,
  batch,
  caught,
  flushed,
  handshake,
  harness,
  record,
  start,
} from "./harness.ts";

Deno.test("has the constants and the properties of a WebSocket", () => {
  using h = harness();
  const { client } = h;
  for (
    const [name, value] of [["CONNECTING", 0], ["OPEN", 1], ["CLOSING", 2], [
      "CLOSED",
      3,
    ]] as const
  ) {
    assertEquals([Client[name], client[name], WebSocket[name]], [
      value,
      value,
      value,
    ]);
  }
  assertEquals(client.url, "ws://hub.test/ws");
  assertEquals([
    client.readyState,
    client.protocol,
    client.extensions,
    client.bufferedAmount,
  ], [0, "", "", 0]);
  handshake(h.net.last);
  assertEquals([client.readyState, client.protocol], [1, "drumbeat.v1"]);
  h.net.last.bufferedAmount = 17;
  h.net.last.extensions = "permessage-deflate";
  assertEquals([client.bufferedAmount, client.extensions], [
    17,
    "permessage-deflate",
  ]);
  h.net.last.drop();
  assertEquals([client.readyState, client.protocol, client.bufferedAmount], [
    0,
    "",
    0,
  ]);
  client.close();
  assertEquals(client.readyState, 2);
});

Deno.test("dispatches open for each connection, error for each close, and close once", () => {
  using h = harness();
  const log: string[] = [];
  h.client.onopen = (event) => log.push(event.type);
  h.client.onerror = (event) => log.push(event.type);
  h.client.onclose = ({ type, code, reason, wasClean }) =>
    log.push(`${type} ${code} ${reason} ${wasClean}`);
  handshake(h.net.last);
  h.net.last.drop();
  h.clock.tick(500);
  handshake(h.net.last);
  h.client.close(3001, "done");
  assertEquals(h.client.readyState, 2);
  h.net.last.finish();
  assertEquals(log, ["open", "error", "open", "close 3001 done true"]);
  assertEquals([h.client.readyState, h.client.protocol], [3, "drumbeat.v1"]);
});

Deno.test("wasClean is as of a WebSocket", () => {
  using h = harness();
  const [errors, closes] = [
    record(h.client, "error"),
    record(h.client, "close"),
  ];
  handshake(h.net.last);
  h.client.close();
  h.clock.tick(2_000);
  assertEquals([
    errors.length,
    closes.map(({ code, wasClean }) => [code, wasClean]),
  ], [1, [[1006, false]]]);
});

Deno.test("event handlers can be read, replaced and cleared, and keep their place", () => {
  using h = harness();
  const log: string[] = [];
  const first = (): void => void log.push("first");
  assertEquals([
    h.client.onopen,
    h.client.onmessage,
    h.client.onerror,
    h.client.onclose,
  ], [null, null, null, null]);
  h.client.onopen = first;
  h.client.addEventListener("open", () => log.push("listener"));
  assertStrictEquals(h.client.onopen, first);
  h.client.onopen = () => log.push("second");
  handshake(h.net.last);
  assertEquals(log, ["second", "listener"]);
  h.client.onopen = null;
  h.client.reconnect();
  handshake(h.net.last);
  assertEquals(log, ["second", "listener", "listener"]);
  h.client.onopen = "no function" as never;
  assertEquals(h.client.onopen, null);
});

Deno.test("a handler's `this` is the client, as WebSocket code expects", () => {
  using h = harness();
  let self: unknown;
  h.client.onopen = function (this: unknown) {
    self = this;
  };
  handshake(h.net.last);
  assertStrictEquals(self, h.client);
});

Deno.test("a removed or throwing listener does not affect the others", () => {
  using h = harness();
  const log: string[] = [];
  const removed = (): void => void log.push("removed");
  h.client.addEventListener("statechange", removed);
  h.client.removeEventListener("statechange", removed);
  h.client.addEventListener("open", () => {
    throw new Error("listener");
  });
  h.client.addEventListener(
    "open",
    { handleEvent: () => log.push("object") } as never,
  );
  const errors = caught(() => handshake(h.net.last));
  assertEquals([log, errors.length, h.client.state], [["object"], 1, "open"]);
});

Deno.test("dispatches messages as a plain peer receives them: start, then the lobby's records", () => {
  using h = harness();
  const data: unknown[] = [];
  h.client.onmessage = (event) => {
    assertInstanceOf(event, MessageEvent);
    assertEquals(event.origin, "ws://hub.test");
    data.push(event.data);
  };
  h.client.topic("room:1");
  handshake(h.net.last, { time: 1_234 });
  h.net.last.emit(batch("lobby", 0, "a", "b"));
  h.net.last.emit(batch("room:1", 0, "elsewhere"));
  assertEquals(data, [
    '{"type":"start","time":1234}',
    '{"type":"chat","text":"a"}',
    '{"type":"chat","text":"b"}',
  ]);
  h.client.reconnect();
  handshake(h.net.last, { time: 1_240 });
  assertEquals(data.at(-1), '{"type":"start","time":1240}');
});

Deno.test("binaryType selects the type of bytes, in order with the text", async () => {
  using h = harness();
  const messages = record(h.client, "message");
  assertEquals(h.client.binaryType, "blob");
  handshake(h.net.last);
  const bytes = (offset: number): Uint8Array<ArrayBuffer> =>
    encodeBinary(
      `{"type":"batch","topic":"lobby","offset":${offset},"messages":[{"from":"you","at":1}]}`,
      new Uint8Array([offset]),
    );
  h.net.last.emitBytes(bytes(0));
  h.net.last.emit(batch("lobby", 1, "a"));
  h.client.binaryType = "arraybuffer";
  h.client.binaryType = "nonsense" as never;
  assertEquals(h.client.binaryType, "arraybuffer");
  h.net.last.emitBytes(bytes(2));
  const [, blob, text, buffer] = messages.map(({ data }) => data);
  assertInstanceOf(blob, Blob);
  assertEquals(new Uint8Array(await blob.arrayBuffer()), new Uint8Array([0]));
  assertEquals(text, '{"type":"chat","text":"a"}');
  assertEquals(buffer, new Uint8Array([2]).buffer);
});

Deno.test("send publishes to the lobby: text, Blob, buffer and view, in order", async () => {
  using h = harness();
  handshake(h.net.last);
  const view = new Uint8Array([0, 2, 0]).subarray(1, 2);
  h.client.send('{"type":"chat","text":"a"}');
  h.client.send(new Blob([new Uint8Array([1])]));
  h.client.send(view);
  h.client.send(new Uint8Array([3]).buffer);
  view[0] = 99;
  await flushed(h.client);
  const sent = h.net.last.takeRaw().map((data) => {
    const decoded = decodeClientFrame(data);
    if (!decoded.ok) return decoded;
    const { id, topic, message } = decoded.frame as AnyFrame;
    return [id, topic, message ?? decoded.payload];
  });
  assertEquals(sent, [
    [1, "lobby", { type: "chat", text: "a" }],
    [2, "lobby", new Uint8Array([1])],
    [3, "lobby", new Uint8Array([2])],
    [4, "lobby", new Uint8Array([3])],
  ]);
});

Deno.test("send throws a SyntaxError for other text, and sends a reserved type", () => {
  using h = harness();
  for (const text of ["hello", "1", '{"text":"a"}']) {
    assertThrows(() => h.client.send(text), SyntaxError);
  }
  assertThrows(() => h.client.send(5 as never), SyntaxError);
  const messages = record(h.client, "message");
  handshake(h.net.last);
  h.client.send('{"type":"hello"}');
  h.net.last.emit({
    type: "error",
    id: 1,
    code: "invalid",
    message: "reserved",
  });
  assertEquals(
    messages.at(-1)!.data,
    '{"type":"error","code":"invalid","message":"reserved"}',
  );
});

Deno.test("send waits for the first connection, and does nothing on a closed client", () => {
  using h = harness();
  const dropped = record(h.client, "dropped");
  h.client.send('{"type":"a"}');
  assertEquals(
    handshake(h.net.last).frames.map(({ message }) => message.type),
    [
      "a",
    ],
  );
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  h.client.close();
  h.client.send('{"type":"b"}');
  h.client.send("no JSON");
  assertEquals(dropped.length, 0);
});

Deno.test("answers a ping that is sent as the plain dialect does, with the server's time", () => {
  using h = harness({ heartbeat: false });
  const messages = record(h.client, "message");
  h.client.send('{"type":"ping"}');
  h.net.last.accept();
  start(h.net.last, h.net.last.take()[0], { time: h.clock.time() + 5_000 });
  assertEquals((h.net.last.take() as AnyFrame[]).map(({ type }) => type), [
    "ping",
  ]);
  h.clock.tick(20);
  h.net.last.emit({ type: "pong" });
  assertEquals(
    messages.at(-1)!.data,
    `{"type":"pong","time":${h.clock.time() + 5_000}}`,
  );
  h.client.send('{"type":"ping","extra":1}');
  assertEquals(h.net.last.take().length, 1);
  h.net.last.emit({ type: "pong" });
  assertEquals(messages.length, 3);
  // The request applies to one ping.
  h.client.reconnect();
  h.net.last.accept();
  start(h.net.last, h.net.last.take()[0]);
  assertEquals(h.net.last.take(), []);
});

Deno.test("a listener of message that closes the client receives no further one", () => {
  using h = harness();
  const data: unknown[] = [];
  handshake(h.net.last);
  h.client.onmessage = (event) => {
    data.push(event.data);
    h.client.close();
  };
  h.net.last.emit(batch("lobby", 0, "a", "b"));
  assertEquals(data, ['{"type":"chat","text":"a"}']);
});

Deno.test("the client's own heartbeat dispatches no message", () => {
  using h = harness();
  const messages = record(h.client, "message");
  handshake(h.net.last);
  h.net.last.emit({ type: "pong" });
  assertEquals(messages.length, 1);
});

Deno.test("close throws for wrong arguments and does nothing", () => {
  using h = harness();
  handshake(h.net.last);
  for (const code of [999, 1001, 2999, 5000]) {
    assertEquals(
      assertThrows(() => h.client.close(code), DOMException).name,
      "InvalidAccessError",
    );
  }
  assertEquals(
    assertThrows(() => h.client.close(1000, "ü".repeat(62)), DOMException).name,
    "SyntaxError",
  );
  assertEquals(h.client.readyState, 1);
});

Deno.test("dispatches raw frames of both directions", () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last);
  const frames = record(h.client, "frame");
  h.client.send('{"type":"a"}');
  h.net.last.emit({ type: "ack", id: 1, offset: 0 });
  h.net.last.emitBytes(encodeBinary('{"type":"future"}', new Uint8Array([1])));
  assertEquals(frames.map(({ direction, data }) => [direction, typeof data]), [
    ["out", "string"],
    ["in", "string"],
    ["in", "object"],
  ]);
});

Deno.test("the constants stand on the prototype and cannot be changed", () => {
  using h = harness();
  assertEquals(Object.keys(h.client).includes("OPEN"), false);
  assertThrows(() => (h.client as { OPEN: number }).OPEN = 5, TypeError);
  assertThrows(
    () => (Client as unknown as { CLOSED: number }).CLOSED = 5,
    TypeError,
  );
  const { CONNECTING, OPEN, CLOSING, CLOSED } = h.client;
  assertEquals([CONNECTING, OPEN, CLOSING, CLOSED], [0, 1, 2, 3]);
  assertEquals([Client.CONNECTING, Client.OPEN, Client.CLOSING], [0, 1, 2]);
});

Deno.test("close converts its arguments, and protocol stays after it", () => {
  using h = harness({ dialect: "plain", protocols: ["chat"] });
  h.net.last.accept("chat");
  h.client.close("3000" as never, 12 as never);
  assertEquals(h.net.last.closedWith, { code: 3000, reason: "12" });
  assertEquals(h.client.protocol, "chat");
  assertEquals(String(h.client), "[object WebSocket]");
});
