import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import {
  Connection,
  type ConnectionClose,
} from "../../../client/connection/connection.ts";
import { FakeClock } from "../fake_clock.ts";
import { FakeNet, type FakeSocket } from "../fake_socket.ts";

interface Fixture {
  readonly clock: FakeClock;
  readonly socket: FakeSocket;
  readonly connection: Connection;
  readonly log: unknown[];
}

function fixture(): Fixture {
  const clock = new FakeClock();
  const net = new FakeNet();
  const log: unknown[] = [];
  const connection = new Connection({
    url: "ws://hub.test/ws",
    protocols: ["drumbeat.v1"],
    WebSocket: net.WebSocket,
    clock,
    connectTimeoutMs: 8_000,
    silenceFactor: 1,
    handler: {
      opened: () => log.push("opened"),
      received: (data) => log.push(data),
    },
    closed: ({ code, reason, wasClean }: ConnectionClose) =>
      log.push([code, reason, wasClean]),
    trace: (direction, data) => log.push(`${direction} ${data}`),
  });
  return { clock, socket: net.last, connection, log };
}

const heartbeat = { intervalMs: 10_000, timeoutMs: 25_000 };

Deno.test("offers the subprotocol, selects buffers, and passes on what it receives", () => {
  const { socket, connection, log } = fixture();
  assertEquals([socket.url, socket.protocols, socket.binaryType], [
    "ws://hub.test/ws",
    ["drumbeat.v1"],
    "arraybuffer",
  ]);
  socket.accept();
  socket.emit("hello");
  socket.emitBytes(new Uint8Array([1, 2]));
  assertEquals(log, [
    "opened",
    "in hello",
    "hello",
    "in 1,2",
    new Uint8Array([1, 2]),
  ]);
  assertEquals([
    connection.protocol,
    connection.extensions,
    connection.bufferedAmount,
  ], ["drumbeat.v1", "", 0]);
  connection.abandon(1000, "");
});

Deno.test("closes a connection that is not ready in time, whether it is open or not", () => {
  for (const opens of [false, true]) {
    const { clock, socket, log } = fixture();
    if (opens) socket.accept();
    clock.tick(7_999);
    assertFalse(log.length > Number(opens));
    clock.tick(1);
    const reason = opens
      ? "No answer to the hello within 8000 ms"
      : "No connection within 8000 ms";
    assertEquals(log.at(-1), [4408, reason, false]);
    assertEquals(socket.closedWith, { code: 4408, reason });
    assertEquals([socket.hasListeners, clock.pending], [false, 0]);
  }
});

Deno.test("ready ends the connect timeout and starts the heartbeat", () => {
  const { clock, socket, connection, log } = fixture();
  socket.accept();
  connection.ready(heartbeat, () => connection.send("ping"));
  clock.tick(10_000);
  assertEquals(socket.takeRaw(), ["ping"]);
  clock.tick(15_000);
  assertEquals(log.at(-1), [4001, "Server is silent", false]);
  assertEquals(socket.closedWith?.code, 4001);
  assertEquals([socket.hasListeners, clock.pending], [false, 0]);
});

Deno.test("every received message restarts the timeout", () => {
  const { clock, socket, connection } = fixture();
  socket.accept();
  connection.ready(heartbeat, () => {});
  clock.tick(24_000);
  socket.emit("anything");
  clock.tick(24_000);
  assertEquals(socket.readyState, 1);
  connection.abandon(1000, "");
});

Deno.test("reports the close once, and ignores later events of the socket", () => {
  const { clock, socket, connection, log } = fixture();
  socket.accept();
  const { onmessage, onclose, onopen } = socket;
  connection.fail(4003, "out of step");
  connection.fail(4500, "again");
  onmessage!(new MessageEvent("message", { data: "late" }));
  onclose!(new CloseEvent("close", { code: 1001 }));
  onopen!(new Event("open"));
  assertEquals(log, ["opened", [4003, "out of step", false]]);
  assertEquals([socket.closedWith, clock.pending], [{
    code: 4003,
    reason: "out of step",
  }, 0]);
});

Deno.test("reports the server's close code, and 1006 without a close frame or for Deno's 0", () => {
  const ends = [[1012, "restart"], [1006, ""], [0, ""]].map(
    ([code, reason]) => {
      const { socket, log } = fixture();
      socket.accept();
      socket.drop(code as number, reason as string);
      return log.at(-1);
    },
  );
  assertEquals(ends, [[1012, "restart", true], [1006, "", false], [
    1006,
    "",
    false,
  ]]);
});

Deno.test("an abandoned connection reports nothing", () => {
  const { clock, socket, connection, log } = fixture();
  connection.abandon(1000, "reconnect");
  connection.abandon(4001, "again");
  assertEquals(log, []);
  assertEquals(socket.closedWith, { code: 1000, reason: "reconnect" });
  assertEquals([socket.hasListeners, clock.pending], [false, 0]);
});

Deno.test("close() waits for the server's answer and receives nothing else", () => {
  const { clock, socket, connection, log } = fixture();
  socket.accept();
  connection.ready(heartbeat, () => {});
  connection.close(3001, "bye");
  assertEquals(socket.closedWith, { code: 3001, reason: "bye" });
  socket.emit("late");
  socket.finish();
  connection.close(1000, "again");
  assertEquals(log, ["opened", [3001, "bye", true]]);
  assertEquals(clock.pending, 0);
});

Deno.test("closes two seconds after a close frame without an answer", () => {
  const { clock, socket, connection, log } = fixture();
  socket.accept();
  connection.close(undefined, undefined);
  clock.tick(2_000);
  assertEquals(log, ["opened", [
    1006,
    "No answer to the close frame",
    false,
  ]]);
  assertEquals([socket.hasListeners, clock.pending], [false, 0]);
});

Deno.test("send() returns false before the socket is open, while it closes, and after", () => {
  const { socket, connection, log } = fixture();
  assertEquals(connection.send("early"), false);
  socket.accept();
  assertEquals(connection.send("hello"), true);
  socket.readyState = 2;
  assertEquals(connection.send("late"), false);
  socket.readyState = 1;
  connection.close(undefined, undefined);
  assertEquals(connection.send("later"), false);
  socket.finish();
  assertEquals(connection.send("latest"), false);
  assertEquals(socket.takeRaw(), ["hello"]);
  assertEquals(
    log.filter((entry) => typeof entry === "string" && entry.startsWith("out")),
    ["out hello"],
  );
});

Deno.test("a listener of raw frames may close the connection", () => {
  const clock = new FakeClock();
  const net = new FakeNet();
  const received: unknown[] = [];
  let connection: Connection | undefined;
  new Connection({
    url: "ws://hub.test/",
    protocols: [],
    WebSocket: net.WebSocket,
    clock,
    connectTimeoutMs: 1,
    silenceFactor: 1,
    handler: {
      opened: (opened) => connection = opened,
      received: (data) => received.push(data),
    },
    closed() {},
    trace: () => connection?.abandon(1000, ""),
  });
  net.last.accept();
  net.last.emit("x");
  assertEquals(received, []);
});

Deno.test("throws the exception of the WebSocket constructor", () => {
  const net = new FakeNet();
  net.failure = new TypeError("no permission");
  const clock = new FakeClock();
  const parameters = {
    url: "ws://hub.test/",
    protocols: [],
    WebSocket: net.WebSocket,
    clock,
    connectTimeoutMs: 1,
    silenceFactor: 1,
    handler: { opened() {}, received() {} },
    closed() {},
    trace() {},
  };
  assertThrows(
    () => new Connection(parameters),
    TypeError,
    "no permission",
  );
  assertEquals(clock.pending, 0);
});

Deno.test("the heartbeat does not interrupt a closing handshake", () => {
  const { clock, socket, connection, log } = fixture();
  socket.accept();
  connection.ready(heartbeat, () => {});
  clock.tick(24_000);
  connection.close(1000, "bye");
  clock.tick(1_500);
  socket.finish();
  assertEquals(log.at(-1), [1000, "bye", true]);
});
