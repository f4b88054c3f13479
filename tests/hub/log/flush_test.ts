import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertStrictEquals,
} from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { LogRecord } from "../../../hub/log/record.ts";
import type { Store, StoreSink } from "../../../hub/log/store.ts";
import { DeepStore, type DeepStoreOptions } from "../deep_store.ts";
import type { FakeClock } from "../fake_clock.ts";
import {
  type AnyFrame,
  type InMemory,
  inMemory,
  type TestPeer,
} from "../in_memory.ts";
import type { AnyMessages } from "../../../messages.ts";
import { records } from "./records.ts";

const KIB = 1024;

function texts(frames: readonly AnyFrame[]): string[] {
  return frames.flatMap((frame) =>
    frame.type === "batch"
      ? frame.messages.map(({ message }: AnyFrame) => message.text)
      : frame.text ?? []
  );
}

/** Publishes chat messages to the lobby in one turn, and lets them be delivered. */
function say(hub: InMemory<AnyMessages>, ...all: readonly string[]): void {
  for (const text of all) hub.hub.broadcast({ type: "chat", text });
  hub.flush();
}

/** One turn each. */
function sayEach(hub: InMemory<AnyMessages>, ...all: readonly string[]): void {
  for (const text of all) say(hub, text);
}

Deno.test("delivers after the turn of the event loop", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat", text: "a" });
  assertEquals(peer.read(), []);
  assertEquals(hub.hub.stats().committed, 0);
  hub.flush();
  assertEquals(texts(peer.read()), ["a"]);
});

Deno.test("sends the messages of one turn in one flush, as one frame for each topic", async () => {
  await using hub = inMemory();
  const peer = await hub.v1({ topics: { lobby: {}, room: {} } });
  for (const text of ["a", "b", "c"]) {
    hub.hub.broadcast({ type: "chat", text });
    hub.hub.topic("room").publish({ type: "chat", text: `${text} too` });
  }
  const before = hub.hub.stats().flushes;
  hub.flush();
  assertEquals(hub.hub.stats().flushes - before, 1);
  const frames = peer.read();
  assertEquals(frames.map(({ topic, offset }) => [topic, offset]), [
    ["lobby", 0],
    ["room", 0],
  ]);
  assertEquals(texts(frames), ["a", "b", "c", "a too", "b too", "c too"]);
});

Deno.test("postpones a flush while messages arrive, for four turns at most", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.broadcast({ type: "chat", text: "0" });
  let turns = 0;
  while (peer.far.received.length === 1) {
    hub.hub.broadcast({ type: "chat", text: `${++turns}` });
    hub.clock.pass();
  }
  assertEquals(turns, 5);
  assertEquals(texts(peer.read()), ["0", "1", "2", "3", "4", "5"]);
});

Deno.test("flushes at 256 KiB when the event loop does not turn", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  for (let i = 0; i < 16; i++) {
    hub.hub.broadcast({ type: "chat", text: "x".repeat(20 * KIB) });
  }
  assertEquals(peer.read().length, 13);
  hub.flush();
  assertEquals(peer.read().length, 3);
});

/** A store that counts how often the body of each record is read: each encoding of a batch reads it once. */
function countingStore(read: () => void) {
  return (clock: FakeClock): Store => {
    const store = new MemoryStore(clock);
    const connect = store.connect.bind(store);
    store.connect = (sink: StoreSink) => {
      const committed = sink.committed.bind(sink);
      const counting: StoreSink = Object.create(sink, {
        committed: {
          value: (
            topic: string,
            offset: number,
            records: readonly LogRecord[],
          ) => committed(topic, offset, records.map(counted)),
        },
      });
      // The hub's own fields are private: its methods must run on it, not on what inherits from it.
      for (
        const name of [
          "opened",
          "trimmed",
          "settled",
          "claimed",
          "failed",
        ] as const
      ) {
        Object.defineProperty(counting, name, {
          value: (sink[name] as () => void).bind(sink),
        });
      }
      connect(counting);
    };
    function counted(record: LogRecord): LogRecord {
      return Object.create(record, {
        from: {
          get() {
            read();
            return record.from;
          },
        },
      });
    }
    return store;
  };
}

/** How often records are read for so many peers at one cursor. */
async function readsFor(
  peers: number,
  said: string[],
  frames: number[],
): Promise<number> {
  let reads = 0;
  await using hub = inMemory({}, countingStore(() => reads++));
  const all: TestPeer[] = [];
  for (let i = 0; i < peers; i++) all.push(await hub.v1());
  say(hub, ...said);
  for (const peer of all) {
    const batches = peer.read();
    assertEquals(batches.map(({ messages }) => messages.length), frames);
    assertEquals(texts(batches), said);
  }
  return reads;
}

Deno.test("peers at the same offset share one encoded frame", async () => {
  const said = ["a", "b", "c"];
  const reads = await readsFor(1, said, [3]);
  assertGreaterOrEqual(reads, 3);
  assertEquals(await readsFor(10, said, [3]), reads);
});

Deno.test("peers at the same offset share each frame of a flush with several frames", async () => {
  const said = Array.from({ length: 6 }, () => "x".repeat(30 * KIB));
  const reads = await readsFor(1, said, [2, 2, 2]);
  assertGreaterOrEqual(reads, 6);
  assertEquals(await readsFor(10, said, [2, 2, 2]), reads);
});

Deno.test("peers at the same offset receive the same bytes of a binary record", async () => {
  await using hub = inMemory();
  const [a, b] = [await hub.v1(), await hub.v1()];
  const [c, d] = [hub.plain(), hub.plain()];
  const payload = Uint8Array.of(1, 2, 3);
  hub.hub.broadcast(payload);
  hub.flush();
  const last = ({ far }: TestPeer) => far.received.at(-1);
  assertStrictEquals(last(a), last(b));
  assertStrictEquals(last(c), payload);
  assertStrictEquals(last(d), payload);
});

Deno.test("splits records above 64 KiB into several batches", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  const long = "x".repeat(10 * KIB);
  say(hub, ...Array.from({ length: 20 }, () => long));
  const frames = peer.read();
  assertEquals(frames.map(({ offset }) => offset), [0, 6, 12, 18]);
  for (const data of peer.far.received.slice(1)) {
    assertLess(data.length, 64 * KIB + 200);
  }
});

Deno.test("delivers a binary record between text records in order, in both dialects", async () => {
  await using hub = inMemory();
  const v1 = await hub.v1();
  const plain = hub.plain();
  hub.hub.broadcast({ type: "chat", text: "a" });
  hub.hub.broadcast(Uint8Array.of(7));
  hub.hub.broadcast({ type: "chat", text: "b" });
  hub.flush();
  const [first, binary, last] = v1.read();
  assertEquals([first.offset, last.offset], [0, 2]);
  assert(binary instanceof Uint8Array);
  assertEquals(binary.at(-1), 7);
  assertEquals(plain.read(), [
    { type: "chat", text: "a" },
    Uint8Array.of(7),
    { type: "chat", text: "b" },
  ]);
});

Deno.test("all peers receive the records of all publishers in one order", async () => {
  await using hub = inMemory();
  const peers = [await hub.v1(), await hub.v1(), hub.plain(), hub.plain()];
  for (let i = 0; i < 40; i++) {
    const message = { type: "chat", text: `${i}` };
    const peer = peers[i % 4]!;
    peer.send(
      i % 4 < 2 ? { type: "publish", id: i, topic: "lobby", message } : message,
    );
    if (i % 7 === 0) hub.flush();
  }
  hub.flush();
  const expected = Array.from({ length: 40 }, (_, i) => `${i}`);
  for (const peer of peers) assertEquals(texts(peer.read()), expected);
});

Deno.test("skips a peer without credit, and continues at its cursor after an ack", async () => {
  await using hub = inMemory({ limits: { windowBytes: 200 } });
  const slow = await hub.v1();
  const swift = hub.plain();
  sayEach(hub, "a", "b", "c", "d", "e");
  assertEquals(texts(slow.read()), ["a", "b"]);
  assertEquals(texts(swift.read()), ["a", "b", "c", "d", "e"]);
  slow.send({ type: "ack", frames: 2 });
  assertEquals(slow.read(), []);
  hub.flush();
  const [batch] = slow.read();
  assertEquals([batch.offset, texts([batch])], [2, ["c", "d", "e"]]);
});

Deno.test("a ping and a pong acknowledge frames like an ack", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1();
  sayEach(hub, "a", "b", "c");
  assertEquals(texts(peer.read()), ["a"]);
  peer.send({ type: "ping", frames: 1 });
  hub.flush();
  const [pong, b] = peer.read();
  assertEquals([pong, texts([b])], [{ type: "pong" }, ["b", "c"]]);
  sayEach(hub, "d");
  peer.send({ type: "pong", frames: 2 });
  hub.flush();
  assertEquals(texts(peer.read()), ["d"]);
});

Deno.test("counts credit for all topics together, and continues with all of them", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1({ topics: { a: {}, b: {}, c: {} } });
  for (const topic of ["a", "b", "c"]) {
    hub.hub.topic(topic).publish({ type: "chat", text: topic });
  }
  hub.flush();
  const seen: string[] = texts(peer.read());
  assertEquals(seen.length, 1);
  for (let frames = 1; frames < 3; frames++) {
    peer.send({ type: "ack", frames });
    hub.flush();
    seen.push(...texts(peer.read()));
  }
  assertEquals(seen.toSorted(), ["a", "b", "c"]);
});

Deno.test("sends a gap and then the remaining records to a peer that fell off the log", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxRecords: 3 } },
  });
  const peer = await hub.v1();
  sayEach(hub, ..."abcdefgh");
  assertEquals(texts(peer.read()), ["a"]);
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  const [gap, batch, ...more] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 5 });
  assertEquals([batch.offset, texts([batch])], [5, ["f", "g", "h"]]);
  assertEquals(more, []);
  assertEquals(hub.hub.stats().gaps, 1);
});

Deno.test("sends a gap and then new records to a peer whose whole log was dropped", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxAgeMs: 5_000 } },
  });
  const peer = await hub.v1();
  sayEach(hub, "a", "b");
  peer.read();
  hub.clock.advance(7_000);
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  assertEquals(peer.read(), [{ type: "gap", topic: "lobby", from: 1, to: 2 }]);
  say(hub, "c");
  const [batch] = peer.read();
  assertEquals([batch.offset, texts([batch])], [2, ["c"]]);
});

Deno.test("a slow peer keeps no record that the log drops", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxBytes: 10 * KIB } },
  });
  const peer = await hub.v1();
  for (let i = 0; i < 100; i++) say(hub, "x".repeat(KIB));
  assertLess(hub.hub.stats().recordBytes, 10 * KIB + 1);
  assertEquals(peer.readType("batch").length, 1);
});

Deno.test("skips a plain peer whose transport buffers a window, and polls it every 20 ms", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  peer.far.near.bufferedAmount = 256 * KIB;
  sayEach(hub, "a", "b");
  hub.clock.advance(1_000);
  assertEquals(peer.read(), []);
  peer.far.near.bufferedAmount = 256 * KIB - 1;
  hub.clock.advance(19);
  assertEquals(peer.read(), []);
  hub.clock.advance(1);
  assertEquals(texts(peer.read()), ["a", "b"]);
});

Deno.test("stops polling when every plain peer has caught up", async () => {
  await using hub = inMemory();
  const peers = [hub.plain(), hub.plain()];
  const idle = hub.clock.timers;
  for (const { far } of peers) far.near.bufferedAmount = 1e9;
  say(hub, "a");
  assertEquals(hub.clock.timers, idle + 1);
  for (const { far } of peers) far.near.bufferedAmount = 0;
  hub.clock.advance(20);
  for (const peer of peers) assertEquals(texts(peer.read()), ["a"]);
  hub.clock.advance(20);
  assertEquals(hub.clock.timers, idle);
});

Deno.test("sends a gap to a plain peer that fell off the log", async () => {
  await using hub = inMemory({ topics: { lobby: { maxRecords: 2 } } });
  const peer = hub.plain();
  say(hub, "a");
  peer.far.near.bufferedAmount = 1e9;
  sayEach(hub, ..."bcdef");
  peer.far.near.bufferedAmount = 0;
  hub.clock.advance(20);
  assertEquals(peer.read(), [
    { type: "chat", text: "a" },
    { type: "gap", topic: "lobby", from: 1, to: 4 },
    { type: "chat", text: "e" },
    { type: "chat", text: "f" },
  ]);
});

Deno.test("a delivery that throws closes its connection and no other", async () => {
  await using hub = inMemory();
  const [a, b, c] = [await hub.v1(), await hub.v1(), hub.plain()];
  b.far.near.send = () => {
    throw new Error("A transport that is broken");
  };
  say(hub, "a");
  assertEquals(b.closed?.code, 1011);
  assertEquals(hub.errors.map(({ stage }) => stage), ["flush"]);
  for (const peer of [a, c]) assertEquals(texts(peer.read()), ["a"]);
  const { flushes } = hub.hub.stats();
  hub.clock.advance(100);
  assertEquals(hub.hub.stats().flushes, flushes);
});

Deno.test("stops polling a plain peer that has disconnected", async () => {
  await using hub = inMemory();
  const peer = hub.plain();
  peer.far.near.bufferedAmount = 1e9;
  say(hub, "a");
  peer.far.drop();
  hub.clock.advance(40);
  assertEquals(hub.hub.stats().peers, 0);
  assertEquals(hub.clock.timers, 1);
});

Deno.test("sends no record of a topic after the ack of its unsubscribe, nor one published before", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  say(hub, "a");
  hub.hub.broadcast({ type: "chat", text: "b" });
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  hub.hub.broadcast({ type: "chat", text: "c" });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["batch", "ack"]);
});

Deno.test("sends no record of an unsubscribed topic when credit returns", async () => {
  await using hub = inMemory({ limits: { windowBytes: 1 } });
  const peer = await hub.v1();
  sayEach(hub, "a", "b");
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  assertEquals(peer.read().map(({ type }) => type), ["batch", "ack"]);
});

Deno.test("an idle topic holds no encoded frame, nor one for a late subscriber", async () => {
  let encoded = 0;
  await using hub = inMemory({}, countingStore(() => encoded++));
  say(hub, "a");
  await hub.v1({ topics: { lobby: { last: 1 } } });
  hub.flush();
  assertEquals(encoded, 1);
  await hub.v1({ topics: { lobby: { last: 1 } } });
  hub.flush();
  assertEquals(encoded, 2);
});

function deep(options?: DeepStoreOptions) {
  let store: DeepStore;
  const hub = inMemory(
    { limits: { windowBytes: 1_000 }, topics: { "*": { maxRecords: 2 } } },
    (clock) => store = new DeepStore(clock, options),
  );
  return { hub, store: store! };
}

Deno.test("sends records from the store and then those of the ring, without a gap", async () => {
  const { hub } = deep();
  await using _ = hub;
  sayEach(hub, ..."abcdefgh");
  assertEquals(hub.hub.stats().records, 2);
  const { peer, start } = await hub.greeted({ topics: { lobby: { last: 7 } } });
  assertEquals(start.topics.lobby.offset, 1);
  hub.flush();
  assertEquals(texts(peer.read()), [..."bcdefgh"]);
  assertEquals(hub.hub.stats().gaps, 0);
});

Deno.test("sends a gap below the store's tail, then the store's records", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  sayEach(hub, ..."abcdefgh");
  store.trim("lobby", 3);
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const { peer, start } = await hub.greeted({
    topics: { lobby: { epoch, offset: 1 } },
  });
  assertEquals(start.topics.lobby.recovered, false);
  hub.flush();
  const [gap, ...batches] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 3 });
  assertEquals(texts(batches), [..."defgh"]);
});

Deno.test("new records wait while the store reads", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  say(hub, "g");
  peer.send({ type: "ack", frames: 0 });
  hub.flush();
  assertEquals(peer.read(), []);
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(texts(peer.read()), [..."bcdefg"]);
});

for (const slow of [true, false]) {
  Deno.test(`sends a gap and reports the error when the store fails to read, ${slow ? "later" : "at once"}`, async () => {
    const { hub, store } = deep({ slow });
    await using _ = hub;
    sayEach(hub, ..."abcdef");
    store.failure = new Error("The disk is gone");
    const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
    hub.flush();
    await store.answer();
    hub.flush();
    const [gap, ...batches] = peer.read();
    assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 4 });
    assertEquals(texts(batches), ["e", "f"]);
    assertEquals(hub.errors, [{ error: store.failure, stage: "store" }]);
  });
}

Deno.test("a cursor below the ring waits for a failing store, without a gap", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  store.failure = new Error("Away");
  store.healthy = false;
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  for (let asked = 0; asked < 3; asked++) {
    assertEquals(store.waiting, 1);
    await store.answer();
    hub.clock.advance(1_000);
  }
  assertEquals(hub.errors, []);
  store.failure = undefined;
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(texts(peer.read()), [..."bcdef"]);
});

Deno.test("sends no record of an unsubscribed topic after the store recovers", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  store.failure = new Error("Away");
  store.healthy = false;
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  await store.answer();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  store.failure = undefined;
  hub.clock.advance(1_000);
  assertEquals(store.waiting, 0);
  assertEquals(peer.read(), [{ type: "ack", id: 1 }]);
});

Deno.test("sends no record to a peer that disconnected while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.far.drop();
  await store.answer();
  hub.flush();
  assertEquals(peer.read(), []);
});

Deno.test("sends no record of a topic that was unsubscribed while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  assertEquals(peer.read(), [{ type: "ack", id: 1 }]);
});

Deno.test("sends each record once after an unsubscribe and a subscribe while the store was reading", async () => {
  const { hub, store } = deep({ slow: true });
  await using _ = hub;
  sayEach(hub, ..."abcdef");
  const peer = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  peer.send({ type: "unsubscribe", id: 1, topic: "lobby" });
  peer.send({ type: "subscribe", id: 2, topic: "lobby", last: 5 });
  hub.flush();
  while (store.waiting > 0) {
    await store.answer();
    hub.flush();
  }
  const [ack, subscribed, ...batches] = peer.read();
  assertEquals([ack.type, subscribed.type], ["ack", "subscribed"]);
  assertEquals(texts(batches), [..."bcdef"]);
});

Deno.test("hello and subscribe wait for a log that opens slowly, other peers do not", async () => {
  const { hub, store } = deep({ slowToOpen: true });
  await using _ = hub;
  const peer = hub.connect("drumbeat.v1");
  const plain = hub.plain();
  peer.send({ type: "hello" });
  assertEquals(peer.read(), []);
  peer.send({ type: "ping" });
  assertEquals(peer.read(), [{ type: "pong" }]);
  await store.answer();
  assertEquals((await peer.until("start")).map(({ type }) => type), ["start"]);
  peer.send({ type: "subscribe", id: 1, topic: "room" });
  peer.send({ type: "subscribe", id: 2, topic: "room" });
  assertEquals(peer.read().map(({ id, code }) => [id, code]), [[2, "already"]]);
  await store.answer();
  assertEquals(peer.read().map(({ type }) => type), ["subscribed"]);
  plain.send({ type: "ping" });
  assertEquals(plain.readType("pong").length, 1);
});

Deno.test("does not subscribe a peer that unsubscribed or disconnected while the log opened", async () => {
  const { hub, store } = deep({ slowToOpen: true });
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  const gone = await hub.v1({ topics: {} });
  const plain = hub.plain();
  const greeting = hub.connect("drumbeat.v1");
  greeting.send({ type: "hello", topics: { room: {} } });
  for (const each of [peer, gone]) {
    each.send({ type: "subscribe", id: 1, topic: "room" });
  }
  peer.send({ type: "unsubscribe", id: 2, topic: "room" });
  for (const each of [gone, plain, greeting]) each.far.drop();
  await store.answer();
  assertEquals(peer.read(), [{ type: "ack", id: 2 }]);
  assertEquals(hub.hub.topic("room").subscribers.size, 0);
  assertEquals(hub.hub.topic("lobby").subscribers.size, 0);
  assertEquals(hub.joins.length, 3);
});

Deno.test("reports a store that throws, and continues with the next flush", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  const error = new Error("The disk is full");
  store.appendFailure = error;
  say(hub, "lost");
  assertEquals(hub.errors, [{ error, stage: "store" }]);
  say(hub, "a");
  assertEquals(texts(peer.read()), ["a"]);
});

Deno.test("closes the subscribers of a lost log with 1012", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  const elsewhere = await hub.v1({ topics: { room: {} } });
  say(hub, "a");
  store.sink.opened("lobby", { epoch: "new", tail: 0, head: 0 });
  assertEquals(peer.closed, { code: 1012, reason: "Log lost" });
  assertEquals(elsewhere.closed, undefined);
  assertEquals(hub.hub.topic("lobby").bounds, {
    epoch: "new",
    tail: 0,
    head: 0,
  });
});

Deno.test("continues when the store reports the newest records of a log, with a gap for cursors below", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const peer = await hub.v1();
  say(hub, "a");
  peer.read();
  const { epoch } = hub.hub.topic("lobby").bounds!;
  const recent = { tail: 3, runs: [{ offset: 3, records: records("d", "e") }] };
  store.trim("lobby", 1);
  store.sink.opened("lobby", { epoch, tail: 3, head: 5, recent });
  hub.flush();
  const [gap, batch, ...rest] = peer.read();
  assertEquals(gap, { type: "gap", topic: "lobby", from: 1, to: 3 });
  assertEquals(batch.offset, 3);
  assertEquals(texts([batch]), ["d", "e"]);
  assertEquals([rest, peer.closed], [[], undefined]);
});

Deno.test("ignores the store's events of forgotten topics and unknown sessions", async () => {
  const { hub, store } = deep();
  await using _ = hub;
  const { sink } = store;
  sink.opened("nowhere", { epoch: "e", tail: 0, head: 0 });
  sink.committed("nowhere", 0, []);
  sink.trimmed("nowhere", 0);
  sink.claimed("nobody");
  assertEquals(hub.hub.stats().topics, 0);
  sink.failed("a rumour");
  assertEquals(hub.errors, [{ error: "a rumour", stage: "store" }]);
});

Deno.test("counts deliveries, gaps and flushes", async () => {
  await using hub = inMemory({
    limits: { windowBytes: 1 },
    topics: { lobby: { maxRecords: 1 } },
  });
  const peer = await hub.v1();
  hub.plain();
  sayEach(hub, "a", "b", "c");
  peer.send({ type: "ack", frames: 1 });
  hub.flush();
  const stats = hub.hub.stats();
  assertEquals(
    [
      stats.peers,
      stats.connections,
      stats.topics,
      stats.records,
      stats.committed,
      stats.delivered,
      stats.gaps,
    ],
    [2, 2, 1, 1, 3, 5, 1],
  );
  assertGreater(stats.recordBytes, 0);
  assertGreater(stats.flushes, 2);
});
