import { assert, assertEquals } from "@std/assert";
import { sqliteStore } from "../../../adapters/sqlite/store.ts";
import { hostStore, workerStore } from "../../../adapters/worker/store.ts";
import type { HubOptions } from "../../../hub/options.ts";
import type { Hub } from "../../../hub/hub.ts";
import type { Peer } from "../../../hub/peer.ts";
import { PROTOCOL } from "../../../messages.ts";
import { createHub } from "../../../hub.ts";
import { type AnyFrame, TestPeer } from "../../hub/in_memory.ts";
import { socketPair } from "../../hub/socket_pair.ts";

/** Hubs of workers on one hosted store, in one isolate. */
class Hubs implements AsyncDisposable {
  readonly #host = hostStore();
  readonly #hubs: Hub[] = [];

  async hub(options: HubOptions = {}): Promise<Hub> {
    const { port1, port2 } = new MessageChannel();
    this.#host.attach(port1);
    const store = await workerStore(port2);
    const hub = createHub({ ...options, store });
    this.#hubs.push(hub);
    return hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hubs.map((hub) => hub.close({ graceMs: 0 })));
    await this.#host[Symbol.asyncDispose]();
  }
}

function connect(hub: Hub, protocol: string): TestPeer {
  const info = { protocol, url: "http://hub.test/ws", address: "192.0.2.1" };
  return new TestPeer(socketPair((near) => hub.transport.attach(near, info)));
}

async function startAt(
  hub: Hub,
  hello: object = {},
): Promise<{ peer: TestPeer; start: AnyFrame }> {
  const peer = connect(hub, PROTOCOL);
  peer.send({ type: "hello", ...hello });
  return { peer, start: (await peer.until("start")).at(-1) };
}

const publish = (id: number) => ({
  type: "publish",
  id,
  topic: "lobby",
  message: { type: "chat", text: `${id}` },
});

/** Returns the first offset and the texts of the next batch. */
async function batch(peer: TestPeer): Promise<[number, string[]]> {
  const frames = await peer.until("batch");
  const { offset, messages } = frames.find(({ type }) => type === "batch");
  return [offset, messages.map(({ message }: AnyFrame) => message.text)];
}

Deno.test("delivers the same records at the same offsets at two workers, and calls handlers at the worker of the publish", async () => {
  await using hubs = new Hubs();
  const [a, b] = [await hubs.hub(), await hubs.hub()];
  const calls: string[] = [];
  a.on("chat", (_, { offset }) => void calls.push(`a ${offset}`));
  b.on("chat", (_, { offset }) => void calls.push(`b ${offset}`));
  const [x, y] = [await startAt(a), await startAt(b)];
  assertEquals(x.start.topics.lobby, y.start.topics.lobby);
  x.peer.send(publish(1));
  assertEquals([await batch(x.peer), await batch(y.peer)], [[0, ["1"]], [
    0,
    ["1"],
  ]]);
  y.peer.send(publish(1));
  assertEquals([await batch(x.peer), await batch(y.peer)], [[1, ["1"]], [
    1,
    ["1"],
  ]]);
  assertEquals(calls, ["a 0", "b 1"]);
  const plain = connect(b, "");
  await plain.until("start");
  plain.send({ type: "chat", text: "plain" });
  assertEquals((await plain.until("chat")).at(-1).text, "plain");
  assertEquals(await batch(x.peer), [2, ["plain"]]);
});

Deno.test("resumes at another worker without a lost or repeated record", async () => {
  await using hubs = new Hubs();
  const [a, b] = [await hubs.hub(), await hubs.hub()];
  const { peer, start } = await startAt(a);
  peer.send(publish(1));
  await peer.until("ack");
  peer.far.drop();
  await a.broadcast({ type: "chat", text: "missed" });
  const { epoch } = start.topics.lobby;
  const back = await startAt(b, {
    session: start.session,
    topics: { lobby: { epoch, offset: 1 } },
  });
  assertEquals([back.start.resumed, back.start.peer], [true, start.peer]);
  assertEquals(back.start.topics.lobby, {
    epoch,
    offset: 1,
    recovered: true,
    head: 2,
  });
  assertEquals(await batch(back.peer), [1, ["missed"]]);
  back.peer.send(publish(1));
  assertEquals((await back.peer.until("ack")).at(-1).offset, 0);
});

Deno.test("closes a session with 4505 at the worker where it was when another resumes it", async () => {
  await using hubs = new Hubs();
  const [a, b] = [await hubs.hub(), await hubs.hub()];
  const { peer, start } = await startAt(a);
  const taken = await startAt(b, { session: start.session });
  assertEquals(taken.start.resumed, true);
  assertEquals((await peer.untilClosed()).code, 4505);
});

Deno.test("gives a session to one of two workers that claim it at once, and closes it at the other", async () => {
  await using hubs = new Hubs();
  const [a, b] = [await hubs.hub(), await hubs.hub()];
  const { peer, start: { session } } = await startAt(a);
  peer.far.drop();
  const both = [a, b].map((hub) => connect(hub, PROTOCOL));
  for (const peer of both) peer.send({ type: "hello", session });
  const close = await Promise.race(both.map((peer) => peer.untilClosed()));
  assertEquals(close.code, 4505);
  const [open, ...more] = both.filter(({ closed }) => closed === undefined);
  assertEquals(more, []);
  await open!.until("start");
  open!.send(publish(1));
  await open!.until("ack");
});

Deno.test("delivers a direct message at another worker when it was sent without a connection", async () => {
  await using hubs = new Hubs();
  const joined: Peer[] = [];
  const a = await hubs.hub({ onOpen: (peer) => void joined.push(peer) });
  const b = await hubs.hub();
  const { peer, start } = await startAt(a, { topics: {} });
  peer.far.drop();
  await joined[0]!.send({ type: "note", text: "for you" });
  const back = await startAt(b, { session: start.session, topics: {} });
  assertEquals(Object.keys(back.start.topics), [`$peer/${start.peer}`]);
  assertEquals(await batch(back.peer), [0, ["for you"]]);
});

Deno.test("settles the hub's publishes before it closes", async () => {
  await using hubs = new Hubs();
  const a = await hubs.hub();
  const published = a.broadcast({ type: "chat", text: "last" });
  await a.close();
  assertEquals(await published, 0);
  const b = await hubs.hub();
  const history = await b.topic("lobby").history();
  assert(history.records.length === 1 && history.head === 1);
});

Deno.test("the host keeps an ephemeral topic in memory for the hubs of all workers", async () => {
  const file = await Deno.makeTempFile();
  const topics = { "cursor:*": { durable: false } };
  const host = hostStore({ store: sqliteStore(file), topics });
  const hubs: Hub[] = [];
  for (let worker = 0; worker < 2; worker++) {
    const { port1, port2 } = new MessageChannel();
    host.attach(port1);
    hubs.push(createHub({ store: await workerStore(port2), topics }));
  }
  const offsets = [];
  for (const topic of ["cursor:a", "lobby"]) {
    for (const hub of hubs) {
      offsets.push(await hub.topic(topic).publish({ type: "chat" }));
    }
  }
  assertEquals(offsets, [0, 1, 0, 1]);
  for (const hub of hubs) await hub.close();
  await host[Symbol.asyncDispose]();
  const after = createHub({ store: sqliteStore(file) });
  assertEquals(
    await Promise.all(
      ["cursor:a", "lobby"].map(async (topic) =>
        (await after.topic(topic).history()).records.length
      ),
    ),
    [0, 2],
  );
  await after.close();
  await Deno.remove(file);
});
