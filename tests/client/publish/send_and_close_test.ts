import { assertEquals, assertThrows } from "@std/assert";
import { connect, DrumbeatError } from "../../../client.ts";
import { serve } from "../../../server.ts";
import { handshake, harness, record, settle } from "../harness.ts";

/** Texts and bytes that a WebSocket server receives until its peer closes. */
function receiver() {
  const { promise: received, resolve } = Promise.withResolvers<unknown[]>();
  const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    const data: unknown[] = [];
    socket.onmessage = (event) =>
      data.push(
        typeof event.data === "string"
          ? event.data
          : new TextDecoder().decode(event.data),
      );
    socket.onclose = () => resolve(data);
    return response;
  });
  return { url: `ws://127.0.0.1:${server.addr.port}`, received, server };
}

Deno.test("plain: what open sends before it closes arrives, Blobs included", async () => {
  const { url, received, server } = receiver();
  const client = connect(url, { dialect: "plain" });
  const dropped = record(client, "dropped");
  client.onopen = () => {
    client.send("x");
    client.send(new Blob(["blob"]));
    client.send("y");
    client.close();
  };
  assertEquals(await received, ["x", "blob", "y"]);
  await client[Symbol.asyncDispose]();
  assertEquals(dropped, []);
  await server.shutdown();
});

Deno.test("v1: what open sends before it closes is stored, Blobs included", async () => {
  await using server = serve({ port: 0, page: false });
  const client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
  client.onopen = () => {
    client.send('{"type":"chat","text":"x"}');
    client.send(new Blob(["blob"]));
    client.send('{"type":"chat","text":"y"}');
    client.close();
  };
  await new Promise((resolve) => client.onclose = resolve);
  const { records } = await server.hub.topic("lobby").history();
  assertEquals(records.map(({ kind }) => kind), ["record", "binary", "record"]);
});

Deno.test("5,000 messages that are sent in a loop are all stored", async () => {
  await using server = serve({ port: 0, page: false });
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
  const dropped = record(client, "dropped");
  const all = Promise.withResolvers<void>();
  let next = 0;
  server.hub.on("chat", ({ n }) => {
    assertEquals(n, next++);
    if (next === 5_000) all.resolve();
  });
  await client.opened();
  for (let n = 0; n < 5_000; n++) {
    client.send(JSON.stringify({ type: "chat", n }));
  }
  await all.promise;
  assertEquals(dropped, []);
});

Deno.test("send throws where the outbox is full, and the program notices", () => {
  using h = harness({ outbox: { maxCount: 2 } });
  const dropped = record(h.client, "dropped");
  h.client.send('{"type":"chat"}');
  h.client.send('{"type":"chat"}');
  const error = assertThrows(
    () => h.client.send('{"type":"chat"}'),
    DrumbeatError,
    "at most 2",
  );
  assertEquals([error.code, dropped.length], ["limit", 1]);
});

Deno.test("send needs an argument, as a WebSocket does", () => {
  using h = harness();
  assertThrows(() => (h.client.send as () => void)(), TypeError, "no data");
});

Deno.test("a client that is being closed handles no frames while a Blob is being read", async () => {
  using h = harness({ heartbeat: false });
  const messages = record(h.client, "message");
  handshake(h.net.last);
  const shown = messages.length;
  h.client.send(new Blob(["a"]));
  h.client.close(3_000, "bye");
  assertEquals([h.client.readyState, h.net.last.closedWith], [2, undefined]);
  h.net.last.emit({ type: "error", code: "malformed", message: "Not JSON" });
  await settle();
  assertEquals(h.net.last.closedWith, { code: 3_000, reason: "bye" });
  assertEquals([h.net.last.takeRaw().length, messages.length], [1, shown]);
});

Deno.test("a Blob that is not read in time is dropped, and the close frame is sent", () => {
  using h = harness({ heartbeat: false });
  const dropped = record(h.client, "dropped");
  handshake(h.net.last);
  const blob = new Blob(["a"]);
  Object.defineProperty(blob, "arrayBuffer", {
    value: () => new Promise(() => {}),
  });
  h.client.send(blob);
  h.client.close();
  h.clock.tick(2_000);
  assertEquals(h.net.last.closedWith !== undefined, true);
  assertEquals(dropped.map(({ reason }) => reason), ["closed"]);
});
