import { assert, assertEquals } from "@std/assert";
import { test } from "./transports.ts";
import { WirePeer } from "./wire_peer.ts";

test("runs the transcript of docs/protocol.md over a WebSocket", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const { port } = server.addr;
  await using peer = await WirePeer.v1(port, { topics: { lobby: {} } });
  assertEquals(peer.socket.protocol, "drumbeat.v1");
  const start = await peer.next();
  assertEquals(Object.keys(start), [
    "type",
    "time",
    "peer",
    "session",
    "resumed",
    "heartbeat",
    "limits",
    "topics",
  ]);
  assertEquals(start.topics.lobby.offset, 0);

  peer.send({ type: "ping", time: 17, frames: 0 });
  assertEquals(await peer.next(), { type: "pong", time: 17 });

  peer.send({
    type: "publish",
    id: 7,
    topic: "lobby",
    message: { type: "chat", text: "hello" },
  });
  assertEquals(await peer.next(), { type: "ack", id: 7, offset: 0 });
  const batch = await peer.next();
  assertEquals([batch.type, batch.topic, batch.offset], [
    "batch",
    "lobby",
    0,
  ]);
  const [record] = batch.messages;
  assertEquals([record.from, record.message], [start.peer, {
    type: "chat",
    text: "hello",
  }]);
  assert(Math.abs(Date.now() - record.at) < 10_000);
  peer.send({ type: "ack", frames: 1 });

  peer.send({ type: "subscribe", id: 8, topic: "room:1", last: 50 });
  const subscribed = await peer.next();
  assertEquals([
    subscribed.type,
    subscribed.id,
    subscribed.topic,
    subscribed.recovered,
  ], ["subscribed", 8, "room:1", true]);
  peer.send({ type: "unsubscribe", id: 9, topic: "room:1" });
  assertEquals(await peer.next(), { type: "ack", id: 9 });

  peer.sendBinary(
    { type: "publish", id: 10, topic: "lobby" },
    Uint8Array.of(1, 2, 3),
  );
  assertEquals(await peer.next(), { type: "ack", id: 10, offset: 1 });
  const binary = await peer.next();
  assert(binary instanceof Uint8Array);
  assertEquals([...binary.subarray(-3)], [1, 2, 3]);

  peer.send({ type: "dance", id: 11 });
  const error = await peer.next();
  assertEquals([error.type, error.id, error.code], [
    "error",
    11,
    "unsupported",
  ]);

  // A disconnect and a resume, with the missed message.
  const { session, topics: { lobby: { epoch } } } = start;
  peer.socket.close(4000);
  await peer.closed;
  await server.hub.broadcast({ type: "chat", text: "missed" });
  await using again = await WirePeer.v1(port, {
    session,
    topics: { lobby: { epoch, offset: 2 } },
  });
  const resumed = await again.next();
  assertEquals([resumed.resumed, resumed.peer], [true, start.peer]);
  assertEquals(resumed.topics.lobby, {
    epoch,
    offset: 2,
    recovered: true,
    head: 3,
  });
  const missed = await again.next();
  assertEquals([missed.offset, missed.messages[0].message.text], [
    2,
    "missed",
  ]);

  server.hub.drain({ overMs: 0 });
  assertEquals(await again.next(), { type: "goaway", afterMs: 0 });
});

test("malformed JSON closes with 4500", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const peer = await WirePeer.v1(server.addr.port);
  await peer.next();
  peer.send("{");
  assertEquals(await peer.closed, { code: 4500, reason: "Invalid JSON" });
});

test("the newer connection of a session closes the older one with 4505", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const older = await WirePeer.v1(server.addr.port);
  const { session } = await older.next();
  await using newer = await WirePeer.v1(server.addr.port, { session });
  assertEquals((await newer.next()).resumed, true);
  assertEquals((await older.closed).code, 4505);
});

test("closes with 4408 without a hello", async ({ serve }) => {
  await using server = await serve({
    port: 0,
    limits: { helloMs: 20 },
    heartbeat: { intervalMs: 50 },
  });
  const silent = await WirePeer.open(
    `ws://127.0.0.1:${server.addr.port}/ws`,
    "drumbeat.v1",
  );
  assertEquals(await silent.closed, { code: 4408, reason: "Hello timeout" });
});
