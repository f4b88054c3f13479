import { assertEquals } from "@std/assert";
import { WebSocket as NodeWebSocket } from "npm:ws@8.23.0";
import { connect, type WebSocketConstructor } from "../../../client.ts";
import { handshake, harness, record } from "../harness.ts";

Deno.test("an attempt that fails with error alone is closed with 1006 and the runtime's reason", () => {
  using h = harness();
  h.net.last.fail(new Error("connect ECONNREFUSED"));
  h.clock.tick(100);
  const { state, lastClose } = h.client;
  assertEquals([state, lastClose?.code, lastClose?.reason], [
    "waiting",
    1006,
    "connect ECONNREFUSED",
  ]);
});

Deno.test("an attempt that fails without words has a reason that does not blame the server", () => {
  using h = harness();
  h.net.last.fail();
  h.clock.tick(100);
  assertEquals(
    h.client.lastClose?.reason,
    "The runtime refused or lost the connection",
  );
});

Deno.test("the close event that follows an error determines the code", () => {
  using h = harness();
  h.net.last.fail(new Error("Invalid status code: 403"));
  h.net.last.drop(1006);
  const { lastClose } = h.client;
  assertEquals([lastClose?.code, lastClose?.reason], [
    1006,
    "Invalid status code: 403",
  ]);
  assertEquals(h.client.attempt, 1);
});

Deno.test("an open connection that fails with error alone is closed, too", () => {
  using h = harness();
  handshake(h.net.last);
  h.net.last.fail();
  h.clock.tick(100);
  assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 1006]);
});

Deno.test("an abandoned socket has an error handler until it is closed", () => {
  using h = harness();
  const socket = h.net.last;
  h.client.close();
  assertEquals(typeof socket.onerror, "function");
  socket.drop();
  assertEquals([socket.onerror, socket.onclose], [null, null]);
});

Deno.test("a socket that throws in close() does not keep the client open", async () => {
  using h = harness();
  handshake(h.net.last);
  const closes = record(h.client, "close");
  h.net.last.close = () => {
    throw new DOMException("No", "InvalidAccessError");
  };
  h.client.close(undefined, "bye");
  assertEquals([h.client.state, h.client.readyState], ["closed", 2]);
  h.clock.tick(2_000);
  await Promise.resolve();
  assertEquals([closes.length, h.client.readyState], [1, 3]);
});

Deno.test("close events work without the platform's CloseEvent", async () => {
  const platform = globalThis as { CloseEvent?: unknown };
  const { CloseEvent } = platform;
  using h = harness();
  const closes = record(h.client, "close");
  delete platform.CloseEvent;
  try {
    h.client.close(3000, "bye");
    await Promise.resolve();
  } finally {
    platform.CloseEvent = CloseEvent;
  }
  const [event] = closes;
  assertEquals(
    [event?.type, event?.code, event?.reason, event?.wasClean],
    ["close", 3000, "bye", true],
  );
});

Deno.test("with npm's ws a refused connection and close() while connecting do not end the process", async () => {
  const options = {
    WebSocket: NodeWebSocket as unknown as WebSocketConstructor,
  };
  const closing = connect("ws://127.0.0.1:1/ws", options);
  closing.close();
  const client = connect("ws://127.0.0.1:1/ws", options);
  const state = Promise.withResolvers<string>();
  client.addEventListener(
    "statechange",
    ({ state: name, reason }) => state.resolve(`${name} ${reason}`),
  );
  assertEquals((await state.promise).split(" ").slice(0, 3), [
    "waiting",
    "connect",
    "ECONNREFUSED",
  ]);
  await client[Symbol.asyncDispose]();
});
