import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import * as v from "valibot";
import {
  decodeServerFrame,
  defineMessages,
  encodeBinary,
  PROTOCOL,
} from "../../../messages.ts";
import { ANY_RATE, inMemory, type TestPeer } from "../in_memory.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

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
  assertEquals([...hub.joins].map(({ topics }) => [...topics]), [["lobby"], [
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

/** The frames that are refused with an error, the connection living on. */
const REFUSED: readonly (readonly [string, object, string])[] = [
  ["an unknown type", { type: "dance", id: 1 }, "unsupported"],
  ["a type only servers send", { type: "batch", id: 1 }, "unsupported"],
  ["a publish without id", {
    type: "publish",
    topic: "lobby",
    message: { type: "chat" },
  }, "invalid"],
  ["a publish with a broken id", { ...publish(1), id: 1.5 }, "invalid"],
  ["a publish with a negative id", { ...publish(1), id: -1 }, "invalid"],
  ["a publish without topic", {
    type: "publish",
    id: 1,
    message: { type: "chat" },
  }, "invalid"],
  [
    "a publish without message",
    { type: "publish", id: 1, topic: "lobby" },
    "invalid",
  ],
  ["a publish of text", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: "hi",
  }, "invalid"],
  ["a publish of a list", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: [],
  }, "invalid"],
  ["a publish of a message without type", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: {},
  }, "invalid"],
  ["a publish of a reserved type", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "error" },
  }, "invalid"],
  ["a publish to no name", publish(1, ""), "invalid"],
  ["a publish to a name with a newline", publish(1, "a\n"), "invalid"],
  ["a publish to a name of 256 bytes", publish(1, "x".repeat(256)), "invalid"],
  ["a publish to a name of the hub's", publish(1, "$peer/x"), "forbidden"],
  ["a subscribe to a name of the hub's", {
    type: "subscribe",
    id: 1,
    topic: "$x",
  }, "forbidden"],
  [
    "a subscribe twice",
    { type: "subscribe", id: 1, topic: "lobby" },
    "already",
  ],
  ["a subscribe with a negative last", {
    type: "subscribe",
    id: 1,
    topic: "a",
    last: -1,
  }, "invalid"],
  ["a subscribe with a broken offset", {
    type: "subscribe",
    id: 1,
    topic: "a",
    epoch: "e",
    offset: 0.5,
  }, "invalid"],
  ["a subscribe with an offset and no epoch", {
    type: "subscribe",
    id: 1,
    topic: "a",
    offset: 1,
  }, "invalid"],
  ["a subscribe with an epoch and no offset", {
    type: "subscribe",
    id: 1,
    topic: "a",
    epoch: "e",
  }, "invalid"],
  ["an unsubscribe from nowhere", {
    type: "unsubscribe",
    id: 1,
    topic: "nowhere",
  }, "absent"],
  ["an ack without frames", { type: "ack", id: 1 }, "invalid"],
  ["an ack of half a frame", { type: "ack", id: 1, frames: 0.5 }, "invalid"],
  ["a ping at no time", { type: "ping", id: 1, time: "now" }, "invalid"],
  ["a pong with frames that are no number", {
    type: "pong",
    id: 1,
    frames: "1",
  }, "invalid"],
  ["a message that the contract refuses", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat", text: 5 },
  }, "invalid"],
  ["a message that the contract does not name", {
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "move" },
  }, "unsupported"],
];

for (const [words, frame, code] of REFUSED) {
  Deno.test(`answers ${words} with ${code} and its id, and keeps the connection`, async () => {
    await using hub = inMemory({
      contract: defineMessages({ chat: v.object({ text: v.string() }) }),
    });
    const { peer, start } = await hub.start();
    peer.send(frame);
    hub.flush();
    const [error, ...more] = peer.read();
    assertEquals([error.type, error.code], ["error", code]);
    const { id } = frame as { id?: number };
    assertEquals(error.id, Number.isInteger(id) && id! >= 0 ? id : undefined);
    assertMatch(error.message, /^[A-Z'].+[^.]$/);
    assertEquals(more, []);
    assertEquals(peer.closed, undefined);
    assertEquals(hub.hub.topic("lobby").bounds?.head, start.topics.lobby.head);
  });
}

Deno.test("answers a request without a handler with an error", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  peer.send({ type: "request", id: 4, method: "rename", data: {} });
  const [error] = await peer.until("error");
  assertEquals([error.id, error.code], [4, "unsupported"]);
});

Deno.test("answers a binary frame that is not a publish, or has a message, with invalid", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  peer.sendBinary({ type: "ping", id: 1 }, Uint8Array.of(1));
  peer.sendBinary(publish(2), Uint8Array.of(1));
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[1, "invalid"], [
    2,
    "invalid",
  ]]);
});

Deno.test("ignores unknown fields", async () => {
  await using hub = inMemory();
  const { peer } = await hub.start({ future: { a: 1 } });
  peer.send({ ...publish(1), priority: 5 });
  peer.send({ type: "ping", hurry: true });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["pong", "ack", "batch"]);
});

const BINARY_NOISE = Uint8Array.of(255, 255, 255, 255, 1);

/** What is not the protocol, before hello. */
const NOT_A_HELLO:
  readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
    ["nothing", ""],
    ["no JSON", "hello"],
    ["no object", "[]"],
    ["no type", "{}"],
    ["a ping", '{"type":"ping"}'],
    ["a publish", JSON.stringify(publish(1))],
    ["an unknown frame", '{"type":"dance"}'],
    ["a hello with topics that are no object", '{"type":"hello","topics":[]}'],
    ["a hello with a session that is no text", '{"type":"hello","session":5}'],
    ["a hello with a token that is no text", '{"type":"hello","token":{}}'],
    ["binary noise", BINARY_NOISE],
    ["no bytes", new Uint8Array(0)],
    [
      "a hello in a binary frame",
      encodeBinary('{"type":"hello"}', new Uint8Array(0)),
    ],
  ];

for (const [words, data] of NOT_A_HELLO) {
  Deno.test(`closes with 4500 after ${words} instead of hello`, async () => {
    await using hub = inMemory();
    const peer = hub.connect(PROTOCOL);
    peer.far.send(data);
    assertEquals(peer.closed?.code, 4500);
    assert(peer.closed!.reason.length > 0);
    assertEquals(hub.joins, []);
  });
}

/** What is not the protocol, after start. */
const NOT_THE_PROTOCOL:
  readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
    ["malformed JSON", '{"type":'],
    ["a second hello", '{"type":"hello"}'],
    ["binary noise", BINARY_NOISE],
    ["a binary header that is no UTF-8", Uint8Array.of(0, 0, 0, 1, 255)],
    ["an ack of more frames than were sent", '{"type":"ack","frames":1}'],
    ["a ping of more frames than were sent", '{"type":"ping","frames":1}'],
    [
      "a pong of more frames than were sent",
      '{"type":"pong","frames":9007199254740991}',
    ],
  ];

for (const [words, data] of NOT_THE_PROTOCOL) {
  Deno.test(`closes with 4500 after ${words}`, async () => {
    await using hub = inMemory();
    const peer = await hub.v1();
    peer.far.send(data);
    assertEquals(peer.closed?.code, 4500);
    assertEquals(hub.leaves.map(({ code }) => code), [4500]);
  });
}

Deno.test("answers a ping between hello and start, and closes with 4500 after any other frame", async () => {
  await using hub = inMemory();
  const patient = hub.connect(PROTOCOL);
  patient.send({ type: "hello" });
  patient.send({ type: "ping", time: 3 });
  assertEquals(patient.read(), [{ type: "pong", time: 3 }]);
  for (
    const frame of [publish(1), { type: "hello" }, { type: "ack", frames: 0 }]
  ) {
    const hasty = hub.connect(PROTOCOL);
    hasty.send({ type: "hello" });
    hasty.send(frame);
    assertEquals(hasty.closed?.code, 4500);
  }
  assertEquals((await patient.until("start")).length, 1);
});

Deno.test("a connection that closes before start does not join", async () => {
  await using hub = inMemory();
  const peer = hub.connect(PROTOCOL);
  peer.send({ type: "hello" });
  peer.far.drop();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals(peer.read(), []);
  assertEquals([hub.joins, hub.leaves], [[], []]);
  assertEquals(hub.hub.topic("lobby").subscribers.size, 0);
});

Deno.test("answers a publish above limits.inflight with limit, and commits those before it", async () => {
  await using hub = inMemory({ limits: { inflight: 3 } });
  const peer = await hub.v1({ topics: {} });
  for (let id = 1; id <= 4; id++) peer.send(publish(id));
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[4, "limit"]]);
  hub.flush();
  assertEquals(peer.read().map(({ id }) => id), [1, 2, 3]);
  peer.send(publish(5));
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["ack"]);
});

Deno.test("a refused publish does not count against limits.inflight", async () => {
  await using hub = inMemory({ limits: { inflight: 1 } });
  const peer = await hub.v1();
  for (let id = 1; id <= 5; id++) {
    peer.send({ ...publish(id), message: { type: "" } });
  }
  assertEquals(peer.read().map(({ code }) => code), Array(5).fill("invalid"));
});

Deno.test("answers a subscribe above limits.topicsPerPeer with limit, until an unsubscribe", async () => {
  await using hub = inMemory({ limits: { topicsPerPeer: 2 } });
  const peer = await hub.v1();
  const subscribe = (id: number) =>
    peer.send({ type: "subscribe", id, topic: `room:${id}` });
  for (const id of [1, 2]) subscribe(id);
  assertEquals(peer.read().map(({ type, code }) => code ?? type), [
    "subscribed",
    "limit",
  ]);
  peer.send({ type: "unsubscribe", id: 3, topic: "lobby" });
  subscribe(4);
  assertEquals(peer.read().map(({ type }) => type), ["ack", "subscribed"]);
});

Deno.test("10,000 publishes to new topics do not affect other peers", async () => {
  await using hub = inMemory({ limits: { ...ANY_RATE, topics: 1_000 } });
  const other = await hub.v1();
  const peer = await hub.v1();
  const answers = new Set<string>();
  const ask = (frame: object) => {
    peer.send(frame);
    hub.flush();
    for (const { type, code } of peer.read()) {
      answers.add(code ?? type);
      if (type === "ping") peer.send({ type: "pong" });
    }
  };
  for (let id = 1; id <= 10_000; id++) {
    ask({ type: "subscribe", id, topic: `unknown:${id}` });
  }
  assertEquals([...answers].toSorted(), ["limit", "ping", "subscribed"]);
  for (let id = 10_001; id <= 20_000; id++) ask(publish(id, `other:${id}`));
  assertEquals([...answers].toSorted(), ["ack", "limit", "ping", "subscribed"]);
  assertEquals(hub.hub.stats().topics, 1_000);
  other.send(publish(1));
  hub.flush();
  assertEquals(other.read().map(({ type }) => type), ["ack", "batch"]);
});

function pong(peer: TestPeer): boolean {
  const pinged = peer.readType("ping").length > 0;
  if (pinged) peer.send({ type: "pong" });
  return pinged;
}

Deno.test("pings a peer that does not read its replies, then closes it with 4002", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  let bytes = 0;
  let askedAt: number | undefined;
  while (peer.closed === undefined) {
    peer.send({ type: "dance" });
    for (const frame of peer.read()) {
      bytes += JSON.stringify(frame).length;
      if (frame.type === "ping") askedAt ??= bytes;
    }
    assert(bytes < KIB * KIB);
  }
  assertEquals(peer.closed.code, 4002);
  assertEquals(peer.far.near.terminations, 1);
  assert(askedAt !== undefined && askedAt < 130 * KIB);
  assert(bytes > 250 * KIB && bytes < 260 * KIB);
});

Deno.test("keeps a peer that answers the pings", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  let asked = 0;
  for (let i = 0; i < 20_000; i++) {
    peer.send({ type: "dance" });
    if (pong(peer)) asked++;
  }
  assertEquals(peer.closed, undefined);
  assert(asked > 5 && asked < 20);
});

Deno.test("an ack of new frames confirms that the peer is reading, an old one does not", async () => {
  await using hub = inMemory({ limits: ANY_RATE });
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat" });
  hub.flush();
  peer.send({ type: "ack", frames: 1 });
  for (let i = 0; i < 20_000 && peer.closed === undefined; i++) {
    peer.send({ type: "dance" });
    peer.send({ type: "ack", frames: 1 });
  }
  assertEquals(peer.closed?.code, 4002);
});

Deno.test("closes with 1009 after a message above the limit", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const frame = JSON.stringify(publish(1, "lobby", "x".repeat(64 * KIB)));
  peer.far.send(frame);
  assertEquals(peer.closed?.code, 1009);
});

for (const type of ["ack", "pong", "ping"]) {
  Deno.test(`closes with 4500 after a ${type} that acknowledges frames that are still buffered`, async () => {
    await using hub = inMemory();
    const peer = await hub.v1();
    hub.hub.broadcast({ type: "chat", text: "x".repeat(30 * KIB) });
    hub.hub.broadcast({ type: "chat", text: "x".repeat(60 * KIB) });
    hub.flush();
    // The first batch is taken in, the second is on its way: that is honest.
    peer.far.near.bufferedAmount = 61 * KIB;
    peer.send({ type, frames: 1 });
    assertEquals(peer.closed, undefined);
    peer.far.near.bufferedAmount = 2 * MIB;
    peer.send({ type, frames: 2 });
    assertEquals(peer.closed?.code, 4500);
  });
}

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
  const [victim] = hub.joins;
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
  assertFalse(hub.hub.topic(topic).subscribers.has(hub.joins[1]!));
});
