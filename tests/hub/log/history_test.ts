import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { defineMessages, DrumbeatError } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import {
  type AnyFrame,
  type InMemory,
  inMemory,
  type TestPeer,
} from "../in_memory.ts";

/** Lets promises settle that wait for nothing else. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Publishes messages as the hub. */
function fill(hub: InMemory, count: number, text = (n: number) => `${n}`) {
  for (let n = 0; n < count; n++) {
    hub.hub.topic("room").publish({ type: "chat", text: text(n) });
    hub.flush();
  }
}

/** A hub whose rings have two records, and whose store has all. */
function deep(options: { slow?: boolean } = {}) {
  let store: DeepStore;
  const hub = inMemory(
    { topics: { room: { maxRecords: 2 } } },
    (clock) => store = new DeepStore(clock, options),
  );
  return { hub, store: store! };
}

const ask = (id: number, from: number, limit: number, topic = "room") => ({
  type: "history",
  id,
  topic,
  from,
  limit,
});

/** Requests a part of the log, and returns the data of the reply. */
async function page(peer: TestPeer, from: number, limit: number) {
  peer.send(ask(1, from, limit));
  let text = "";
  for (;;) {
    await settle();
    const frames = peer.read();
    for (const { type, data, part, more } of frames) {
      if (type !== "reply") continue;
      if (part === undefined) return data;
      // A large reply comes in parts.
      text += part;
      if (!more) return JSON.parse(text);
    }
    const ping = frames.find(({ type }) => type === "ping");
    assert(ping !== undefined, "Neither a reply nor a ping came");
    peer.send({ type: "pong", time: ping.time });
  }
}

const texts = ({ records }: AnyFrame) =>
  records.map(({ message }: AnyFrame) => message.text);

Deno.test("a peer reads the history of a topic without a subscription", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 3);
  const { epoch } = hub.hub.topic("room").bounds!;
  const data = await page(peer, 1, 10);
  assertEquals({ ...data, records: texts(data) }, {
    epoch,
    offset: 1,
    next: 3,
    tail: 0,
    head: 3,
    records: ["1", "2"],
  });
  const [{ from, at }] = data.records;
  assertEquals([from, at], ["$hub", hub.clock.time()]);
  fill(hub, 1);
  assertEquals(peer.read(), []);
});

Deno.test("limit bounds the number of records; 0 reads the bounds of the log only", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 5);
  assertEquals(texts(await page(peer, 0, 2)), ["0", "1"]);
  const none = await page(peer, 3, 0);
  assertEquals([none.offset, none.head, none.records], [3, 5, []]);
});

Deno.test("reads no records at the head and above it", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 2);
  for (const from of [2, 3, Number.MAX_SAFE_INTEGER]) {
    const { offset, head, records } = await page(peer, from, 10);
    assertEquals([offset, head, records], [2, 2, []]);
  }
});

Deno.test("the history of an unused topic is empty", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  const { offset, tail, head, records } = await page(peer, 0, 10);
  assertEquals([offset, tail, head, records], [0, 0, 0, []]);
});

Deno.test("without a store, the history begins at the ring's tail, and offset is that tail", async () => {
  await using hub = inMemory({ topics: { room: { maxRecords: 2 } } });
  const peer = await hub.v1({ topics: {} });
  fill(hub, 5);
  const data = await page(peer, 0, 10);
  assertEquals([data.offset, data.tail, texts(data)], [3, 3, ["3", "4"]]);
});

Deno.test("reads records below the ring from the store, newer ones from the ring", async () => {
  const { hub } = deep();
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 6);
  const seen: string[] = [];
  let from = 0;
  for (let round = 0; round < 10; round++) {
    const data = await page(peer, from, 3);
    assertEquals([data.offset, data.tail], [from, 0]);
    assert(data.records.length <= 3);
    if (data.records.length === 0) break;
    seen.push(...texts(data));
    from += data.records.length;
  }
  assertEquals([seen, from], [["0", "1", "2", "3", "4", "5"], 6]);
});

Deno.test("the history begins after the records that the store has trimmed", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 6);
  store.trim("room", 2);
  const data = await page(peer, 0, 10);
  assertEquals([data.offset, data.tail, texts(data).slice(0, 2)], [2, 2, [
    "2",
    "3",
  ]]);
});

Deno.test("the reply has no gap if the store trims the log while it reads", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 6);
  peer.send(ask(1, 0, 10));
  await settle();
  assertEquals(store.waiting, 1);
  fill(hub, 6, (n) => `${n + 6}`);
  store.trim("room", 9);
  await store.answer();
  await settle();
  const [{ data }] = peer.readType("reply");
  assertEquals([data.offset, data.head], [9, 12]);
  assertEquals(texts(data), ["9", "10", "11"]);
});

Deno.test("a read error of the store is the code unavailable and goes to onError; the ring can still be read", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 6);
  store.failure = new Error("the disk at /dev/sda has failed");
  peer.send(ask(1, 0, 10));
  await settle();
  const [refusal] = peer.read();
  assertEquals([refusal.id, refusal.code], [1, "unavailable"]);
  assert(!refusal.message.includes("sda"));
  assertEquals(hub.errors.map(({ error, stage }) => [error, stage]), [
    [store.failure, "store"],
  ]);
  assertEquals(texts(await page(peer, 4, 10)), ["4", "5"]);
});

Deno.test("a page has about 64 KiB, and at least one record", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 3, () => "x".repeat(30_000));
  assertEquals((await page(peer, 0, 100)).records.length, 2);
  fill(hub, 1, () => "y".repeat(100_000));
  assertEquals((await page(peer, 3, 100)).records.length, 1);
});

Deno.test("a binary record has its payload in Base64", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  hub.hub.topic("room").publish(new Uint8Array([0, 255, 7]));
  hub.flush();
  const { records: [record] } = await page(peer, 0, 10);
  assertEquals([record.binary, "message" in record], ["AP8H", false]);
  assertEquals(Object.keys(record).toSorted(), ["at", "binary", "from"]);
});

Deno.test("a record has its publisher, its time and its message, and no other field", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 1);
  const { records: [record] } = await page(peer, 0, 10);
  assertEquals(Object.keys(record), ["from", "at", "message"]);
});

Deno.test("a wrong field is invalid, and a topic that cannot be opened is refused", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  for (
    const frame of [
      ask(1, -1, 10),
      ask(1, 0.5, 10),
      ask(1, 0, -1),
      { ...ask(1, 0, 10), from: "0" },
      { ...ask(1, 0, 10), limit: undefined },
      ask(1, 0, 10, ""),
    ]
  ) {
    peer.send(frame);
    await settle();
    assertEquals(peer.read().map(({ id, code }) => [id, code]), [[
      1,
      "invalid",
    ]]);
  }
  peer.send(ask(2, 0, 10, "$hub"));
  await settle();
  assertEquals(peer.read()[0].code, "forbidden");
});

Deno.test("many history reads do not close the connection: the replies are sent as the peer reads", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: {} });
  fill(hub, 10, () => "x".repeat(60_000));
  for (let id = 1; id <= 20; id++) peer.send(ask(id, id % 10, 1));
  const seen: number[] = [];
  for (let round = 0; seen.length < 20 && round < 50; round++) {
    await settle();
    assertEquals(peer.closed, undefined);
    for (const { type, id } of peer.read()) if (type === "reply") seen.push(id);
    peer.send({ type: "pong" });
  }
  assertEquals(seen, Array.from({ length: 20 }, (_, i) => i + 1));
});

Deno.test("reads one part of the log at a time, and the next one when the peer has read enough", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 30, () => "x".repeat(60_000));
  for (let id = 1; id <= 10; id++) peer.send(ask(id, id, 1));
  const read = async () => {
    await settle();
    assert(store.waiting <= 1, `${store.waiting} are read`);
    await store.answer();
    await settle();
  };
  for (let round = 0; round < 10; round++) await read();
  const before = peer.readType("reply").length;
  assert(before < 5, `${before} came unseen`);
  for (let round = 0; round < 10; round++) {
    peer.send({ type: "pong" });
    await read();
  }
  assertEquals(before + peer.readType("reply").length, 10);
});

Deno.test("a peer that disconnects while its history is read causes no error", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  fill(hub, 6);
  for (const id of [1, 2]) peer.send(ask(id, 0, 10));
  await settle();
  peer.far.drop();
  await store.answer();
  await settle();
  await store.answer();
  assertEquals([peer.read(), hub.errors], [[], []]);
});

Deno.test("the program reads the history from the oldest record on, 100 records by default", async () => {
  await using hub = inMemory({ topics: { room: { maxRecords: 120 } } });
  fill(hub, 130);
  const { epoch, offset, tail, head, records } = await hub.hub.topic("room")
    .history();
  assertEquals([offset, tail, head, records.length], [10, 10, 130, 100]);
  assertEquals(epoch, hub.hub.topic("room").bounds!.epoch);
  const at = hub.clock.time();
  assertEquals(records[0], {
    kind: "record",
    topic: "room",
    from: "$hub",
    at,
    offset: 10,
    own: true,
    message: { type: "chat", text: "10" },
  });
  const some = await hub.hub.topic("room").history({ from: 128, limit: 1 });
  assertEquals(
    some.records.map((record) => record.kind === "record" && record.message),
    [{ type: "chat", text: "128" }],
  );
  assertEquals([some.offset, some.next], [128, 129]);
});

Deno.test("the program's history has a peer's binary record as bytes, which are a copy", async () => {
  await using hub = inMemory();
  const { peer, start } = await hub.start({ topics: {} });
  peer.sendBinary({ type: "publish", id: 1, topic: "room" }, Uint8Array.of(7));
  hub.flush();
  const room = hub.hub.topic("room");
  for (let round = 0; round < 2; round++) {
    const { records: [record] } = await room.history();
    assert(record?.kind === "binary");
    assertEquals([...record.payload], [7]);
    assertEquals([record.from, record.own], [start.peer, false]);
    record.payload[0] = 0;
  }
});

Deno.test("the program's history omits and reports records that a type guard of the contract refuses", async () => {
  let allowed = 3;
  const contract = defineMessages({
    chat: (fields): fields is { text: string } =>
      Number((fields as { text: string }).text) < allowed,
  });
  await using hub = inMemory({ contract });
  const room = hub.hub.topic("room");
  for (const text of ["0", "2", "1"]) room.publish({ type: "chat", text });
  hub.flush();
  allowed = 2;
  const { records, next } = await room.history();
  assertEquals(records.map(({ offset }) => offset), [0, 2]);
  assertEquals(next, 3);
  assertEquals(hub.errors.map(({ stage }) => stage), ["validate"]);
  assertMatch(`${hub.errors[0]?.error}`, /Cannot read record 1 of 'room'/);
});

Deno.test("the program's history read rejects with a DrumbeatError if the log cannot be opened or read", async () => {
  await using hub = inMemory({ limits: { topics: 1 } });
  await hub.hub.topic("one").history();
  const full = await assertRejects(
    () => hub.hub.topic("two").history(),
    DrumbeatError,
  );
  assertEquals(full.code, "limit");
  const { hub: broken, store } = deep();
  await using _ = broken;
  fill(broken, 6);
  store.failure = new Error("failed");
  const error = await assertRejects(
    () => broken.hub.topic("room").history(),
    DrumbeatError,
  );
  assertEquals(error.code, "unavailable");
});

Deno.test("the program's from and limit must be non-negative integers", async () => {
  await using hub = inMemory();
  for (
    const options of [
      { from: -1 },
      { from: NaN },
      { from: 0.5 },
      { limit: -1 },
      { limit: 1.5 },
      { limit: NaN },
    ]
  ) {
    await assertRejects(
      () => hub.hub.topic("room").history(options),
      RangeError,
      "Cannot read the history of 'room': the option",
    );
  }
  await assertRejects(
    () => hub.hub.topic("room").history({ form: 1 } as object),
    TypeError,
    "unknown option 'form' (did you mean 'from'?)",
  );
});
