import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  decodeServerFrame,
  encodeBinary,
  PROTOCOL,
} from "../../../messages.ts";
import { inMemory } from "../in_memory.ts";

const publish = (id: number, topic = "lobby", text = `${id}`) => ({
  type: "publish",
  id,
  topic,
  message: { type: "chat", text },
});

Deno.test("follows the transcript of docs/protocol.md, frame by frame", async () => {
  await using hub = inMemory();
  const { clock } = hub;
  const peer = hub.connect(PROTOCOL);
  const next = () =>
    peer.far.received.slice(seen, seen += peer.far.received.length - seen);
  let seen = 0;
  assertEquals(next(), []);

  peer.send('{"type":"hello","topics":{"lobby":{}}}');
  await peer.until("start");
  const [text] = next() as string[];
  const start = JSON.parse(text!);
  const { epoch } = start.topics.lobby;
  assertEquals(
    text,
    `{"type":"start","time":${clock.time()},"peer":"${start.peer}","session":"${start.session}",` +
      `"resumed":false,"heartbeat":{"intervalMs":10000,"timeoutMs":25000},` +
      `"limits":{"messageBytes":65536,"windowBytes":262144,"inflight":256,"topicsPerPeer":128,"messagesPerSecond":1000,"bytesPerSecond":1048576},` +
      `"topics":{"lobby":{"epoch":"${epoch}","offset":0,"recovered":true,"head":0}}}`,
  );

  peer.send('{"type":"ping","time":5,"frames":0}');
  assertEquals(next(), ['{"type":"pong","time":5}']);

  peer.send(
    '{"type":"publish","id":7,"topic":"lobby","message":{"type":"chat","text":"hello"}}',
  );
  assertEquals(next(), []);
  hub.flush();
  assertEquals(next(), [
    '{"type":"ack","id":7,"offset":0}',
    '{"type":"batch","topic":"lobby","offset":0,"messages":[' +
    `{"from":"${start.peer}","at":${clock.time()},"message":{"type":"chat","text":"hello"}}]}`,
  ]);
  peer.send('{"type":"ack","frames":1}');

  peer.send('{"type":"subscribe","id":8,"topic":"room:1","last":50}');
  const [subscribed] = next() as string[];
  const room = JSON.parse(subscribed!);
  assertEquals(
    subscribed,
    `{"type":"subscribed","id":8,"topic":"room:1","epoch":"${room.epoch}","offset":0,"recovered":true,"head":0}`,
  );
  peer.send('{"type":"subscribe","id":9,"topic":"room:1"}');
  assertEquals(next(), [
    '{"type":"error","id":9,"code":"already","message":"Already subscribed"}',
  ]);
  peer.send('{"type":"unsubscribe","id":10,"topic":"room:1"}');
  assertEquals(next(), ['{"type":"ack","id":10}']);

  const header = '{"type":"publish","id":11,"topic":"lobby"}';
  peer.far.send(encodeBinary(header, Uint8Array.of(1, 2, 3)));
  hub.flush();
  const [ack, binary] = next();
  assertEquals(ack, '{"type":"ack","id":11,"offset":1}');
  assert(binary instanceof Uint8Array);
  const length = new DataView(binary.buffer).getUint32(0);
  assertEquals(
    new TextDecoder().decode(binary.subarray(4, 4 + length)),
    `{"type":"batch","topic":"lobby","offset":1,"messages":[{"from":"${start.peer}","at":${clock.time()}}]}`,
  );
  assertEquals(binary.subarray(4 + length), Uint8Array.of(1, 2, 3));

  peer.send('{"type":"dance","id":12}');
  assertEquals(next(), [
    '{"type":"error","id":12,"code":"unsupported","message":"Unknown frame type"}',
  ]);

  hub.hub.drain({ overMs: 0 });
  assertEquals(next(), ['{"type":"goaway","afterMs":0}']);
});

Deno.test("sends no frame before hello", async () => {
  await using hub = inMemory();
  const peer = hub.connect(PROTOCOL);
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  assertEquals(peer.read(), []);
  assertEquals(hub.hub.peers.size, 0);
});

Deno.test("subscribes to the lobby without topics in the hello, else to those topics only", async () => {
  await using hub = inMemory();
  const a = await hub.start();
  const b = await hub.start({ topics: { x: {}, y: {} } });
  const c = await hub.start({ topics: {} });
  assertEquals(Object.keys(a.start.topics), ["lobby"]);
  assertEquals(Object.keys(b.start.topics), ["x", "y"]);
  assertEquals(c.start.topics, {});
  assertEquals([...hub.opened].map(({ topics }) => [...topics]), [["lobby"], [
    "x",
    "y",
  ], []]);
});

Deno.test("start contains the position of each topic, and precedes all batches", async () => {
  await using hub = inMemory();
  for (let i = 0; i < 5; i++) hub.hub.broadcast({ type: "chat", text: `${i}` });
  hub.flush();
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const { peer, start } = await hub.start({ topics: { lobby: { last: 2 } } });
  assertEquals(start.topics.lobby, {
    epoch,
    offset: 3,
    recovered: true,
    head: 5,
  });
  assertEquals(peer.read(), []);
  hub.flush();
  assertEquals(peer.read().map(({ type, offset }) => [type, offset]), [[
    "batch",
    3,
  ]]);
});

Deno.test("start contains the error of a refused topic, and the positions of the others", async () => {
  await using hub = inMemory({ limits: { topics: 3, topicsPerPeer: 3 } });
  const { peer, start } = await hub.start({
    topics: {
      a: {},
      "$mine": {},
      "": {},
      bad1: { last: -1 },
      bad2: { offset: 1 },
      bad3: 5,
      bad4: { last: 1, epoch: "e", offset: 0 },
      b: {},
      c: {},
      d: {},
    },
  });
  const codes = Object.fromEntries(
    Object.entries(start.topics).map(([name, value]) => [
      name,
      (value as { error?: string }).error ?? "joined",
    ]),
  );
  assertEquals(codes, {
    a: "joined",
    b: "joined",
    c: "joined",
    $mine: "forbidden",
    "": "invalid",
    bad1: "invalid",
    bad2: "invalid",
    bad3: "invalid",
    bad4: "invalid",
    d: "limit",
  });
  assertEquals(peer.closed, undefined);
});

Deno.test("accepts a topic with the name __proto__ in hello, subscribe and publish", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start(
    JSON.parse('{"topics":{"__proto__":{},"constructor":{}}}'),
  );
  assertEquals(Object.keys(start.topics), ["__proto__", "constructor"]);
  peer.send(publish(1, "__proto__"));
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["ack", "batch"]);
  assertEquals(({} as { epoch?: string }).epoch, undefined);
});

Deno.test("a publisher without a subscription receives its ack only", async () => {
  await using hub = inMemory();
  const reader = await hub.v1({ topics: { room: {} } });
  const writer = await hub.v1({ topics: {} });
  writer.send(publish(1, "room", "hi"));
  hub.flush();
  assertEquals(writer.read(), [{ type: "ack", id: 1, offset: 0 }]);
  assertEquals(reader.read()[0].messages[0].message, {
    type: "chat",
    text: "hi",
  });
});

Deno.test("sets from to the publisher's public id, whatever the message contains", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start();
  peer.send({ ...publish(1), from: "$hub", at: 1 });
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  const [batch] = peer.readType("batch");
  assertEquals(batch.messages.map(({ from }: { from: string }) => from), [
    start.peer,
    "$hub",
  ]);
});

Deno.test("subscribed precedes all batches, and last delivers earlier records", async () => {
  await using hub = inMemory();
  for (let i = 0; i < 5; i++) {
    hub.hub.topic("room").publish({ type: "chat", text: `${i}` });
  }
  hub.flush();
  const peer = await hub.v1({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "room", last: 3 });
  hub.flush();
  const [subscribed, batch] = peer.read();
  assertEquals([
    subscribed.offset,
    subscribed.head,
    batch.offset,
    batch.messages.length,
  ], [2, 5, 2, 3]);
});

Deno.test("subscribe with an epoch and an offset resumes at the offset", async () => {
  await using hub = inMemory({ topics: { "*": { maxRecords: 3 } } });
  for (let i = 0; i < 5; i++) {
    hub.hub.topic("room").publish({ type: "chat", text: `${i}` });
  }
  hub.flush();
  const { epoch } = hub.hub.topic("room").bounds!;
  const peer = await hub.v1({ topics: {} });
  peer.send({ type: "subscribe", id: 1, topic: "room", epoch, offset: 1 });
  hub.flush();
  const [subscribed, gap, batch] = peer.read();
  assertEquals([subscribed.offset, subscribed.recovered], [1, false]);
  assertEquals(gap, { type: "gap", topic: "room", from: 1, to: 2 });
  assertEquals([batch.offset, batch.messages.length], [2, 3]);
});

Deno.test("sends goaway to the peers that have joined", async () => {
  await using hub = inMemory();
  const peers = [
    await hub.v1(),
    await hub.v1(),
    await hub.v1(),
    await hub.v1(),
  ];
  const starting = hub.connect(PROTOCOL);
  hub.hub.drain({ overMs: 1_000 });
  assertEquals(peers.map((peer) => peer.read()[0].afterMs), [0, 200, 400, 600]);
  assertEquals(starting.read(), []);
});

Deno.test("a client decodes every frame of a hub", async () => {
  await using hub = inMemory({
    topics: { lobby: { maxRecords: 1 } },
    limits: { windowBytes: 1 },
  });
  const peer = await hub.v1();
  peer.send({ type: "ping", time: 1 });
  peer.send({ type: "dance" });
  for (const id of [1, 2, 3]) {
    peer.send(publish(id));
    hub.flush();
  }
  peer.send({ type: "subscribe", id: 4, topic: "room" });
  peer.send({ type: "ack", frames: 1 });
  hub.hub.broadcast(Uint8Array.of(1));
  hub.flush();
  hub.clock.advance(11_000);
  hub.hub.drain({ overMs: 1 });
  const types = peer.far.received.map((data) => {
    const decoded = decodeServerFrame(data);
    assert(decoded.ok, JSON.stringify(data));
    return decoded.frame.type;
  });
  for (
    const type of [
      "start",
      "pong",
      "error",
      "ack",
      "batch",
      "subscribed",
      "gap",
      "goaway",
      "ping",
    ] as const
  ) {
    assert(types.includes(type), type);
  }
});

Deno.test("refuses another peer's direct log by its name", async () => {
  await using hub = inMemory();
  const { start } = await hub.start();
  const [victim] = hub.opened;
  await Promise.all([victim!.send({ type: "secret" }), hub.flush()]);
  const topic = `$peer/${start.peer}`;
  const { peer: spy, start: late } = await hub.start({
    topics: { [topic]: { last: 10 } },
  });
  assertEquals(late.topics[topic], { error: "forbidden" });
  spy.send({ type: "subscribe", id: 1, topic, last: 10 });
  spy.send(publish(2, topic));
  spy.send({ type: "history", id: 3, topic, from: 0, limit: 10 });
  hub.flush();
  const answers = [];
  while (answers.length < 3) answers.push(...await spy.until("error"));
  assertEquals(answers.map(({ id, code }) => [id, code]).toSorted(), [
    [1, "forbidden"],
    [2, "forbidden"],
    [3, "forbidden"],
  ]);
  assertFalse(hub.hub.topic(topic).subscribers.has(hub.opened[1]!));
});
