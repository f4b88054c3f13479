import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Observer } from "../../../hub/observer.ts";
import { PROTOCOL } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import { inMemory } from "../in_memory.ts";

/** An observer that writes down what it is told. */
function scribe(): { told: unknown[]; observer: Observer } {
  const told: unknown[] = [];
  return {
    told,
    observer: {
      opened: ({ dialect }) => told.push(["opened", dialect]),
      closed: ({ dialect }, { code, reason }) =>
        told.push(["closed", dialect, code, reason]),
      refused: ({ status, path }) => told.push(["refused", status, path]),
      failed: (error, { stage }) =>
        told.push(["failed", stage, (error as Error).message]),
      store: (works) => told.push(["store", works]),
      going: (step, n) => told.push(["going", step, n]),
      roundTrip: (ms) => told.push(["roundTrip", ms]),
    },
  };
}

Deno.test("an observer is told of every connection, of those that never said hello too, and of the end", async () => {
  const { told, observer } = scribe();
  const hub = inMemory();
  hub.hub.observe(observer);
  const plain = hub.plain();
  const silent = hub.connect(PROTOCOL);
  silent.send("not JSON");
  plain.far.close(1000, "bye");
  hub.hub.refused({ status: 403, address: "192.0.2.1", path: "/ws" });
  void hub.hub.drain(0);
  const closing = hub.hub.close();
  hub.clock.advance(1_000);
  await closing;
  assertEquals(told, [
    ["opened", "plain"],
    ["opened", "drumbeat.v1"],
    ["closed", "drumbeat.v1", 4500, "Not JSON"],
    ["closed", "plain", 1000, "bye"],
    ["refused", 403, "/ws"],
    ["going", "draining", 0],
    ["going", "closed", 1],
  ]);
  const { closes, refusals } = hub.hub.stats();
  assertEquals([[...closes], [...refusals]], [
    [[4500, 1], [1000, 1]],
    [[403, 1]],
  ]);
});

Deno.test("an observer that throws disturbs nobody, and one that was taken away hears nothing", async () => {
  const { told, observer } = scribe();
  await using hub = inMemory();
  const end = hub.hub.observe(observer);
  hub.hub.observe({
    opened: () => {
      throw new Error("Not this one");
    },
    flushed: () => {
      throw new Error("Nor this one");
    },
  });
  hub.hub.observe(scribe().observer);
  const peer = hub.plain();
  peer.send({ type: "chat" });
  hub.flush();
  assertEquals(peer.read().length, 1);
  assertEquals(told.splice(0), [["opened", "plain"]]);
  end();
  hub.plain();
  assertEquals(told, []);
  assertEquals(hub.errors, []);
});

Deno.test("a failure is counted, told to the observers and to onError", async () => {
  const { told, observer } = scribe();
  await using hub = inMemory();
  hub.hub.observe(observer);
  hub.hub.report(new Error("no descriptors"), "listen");
  assertEquals(told, [["failed", "listen", "no descriptors"]]);
  assertEquals(hub.errors.map(({ stage }) => stage), ["listen"]);
  assertEquals(hub.hub.stats().errors, 1);
});

Deno.test("a store that fails makes the hub unready, until it commits again or 10 s have passed", async () => {
  const stores: DeepStore[] = [];
  await using hub = inMemory({}, (clock) => {
    stores.push(new DeepStore(clock));
    return stores[0]!;
  });
  const [store] = stores;
  const { told, observer } = scribe();
  hub.hub.observe(observer);
  const publish = async () => {
    const published = hub.hub.broadcast({ type: "chat" }).catch(() => {});
    hub.flush();
    await published;
  };
  await publish();
  assertEquals(hub.hub.readiness, "ready");
  store!.appendFailure = new Error("disk full");
  await publish();
  assertEquals(hub.hub.readiness, "store");
  assertFalse(hub.hub.stats().storeWorks);
  await publish();
  assertEquals(hub.hub.readiness, "ready");
  assertEquals(told, [
    ["store", false],
    ["failed", "store", "disk full"],
    ["store", true],
  ]);
  store!.appendFailure = new Error("disk full");
  await publish();
  hub.clock.advance(10_000);
  assertEquals(hub.hub.readiness, "store");
  hub.clock.advance(1);
  assertEquals(hub.hub.readiness, "ready");
});

Deno.test("a round trip is from a ping of the hub to the pong, by the hub's own clock", async () => {
  const { told, observer } = scribe();
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.observe(observer);
  peer.send({ type: "pong", time: 1 });
  hub.clock.advance(11_500);
  const [ping] = peer.readType("ping");
  hub.clock.advance(250);
  peer.send({ type: "pong", time: ping.time - 1_000_000 });
  peer.send({ type: "pong", time: ping.time });
  assertEquals(told.length, 1);
  const [[event, ms]] = told as [[string, number]];
  assertEquals(event, "roundTrip");
  assert(ms >= 250 && ms <= 1_500, `${ms} ms`);
});

Deno.test("sessions and cursors are counted by whether they went on", async () => {
  await using hub = inMemory({ topics: { "*": { maxRecords: 1 } } });
  const { peer, start } = await hub.greeted();
  const { epoch } = start.topics.lobby;
  for (let n = 0; n < 3; n++) hub.hub.broadcast({ type: "chat" });
  hub.flush();
  peer.far.drop();
  const topics = { lobby: { epoch, offset: 2 } };
  const again = await hub.v1({ session: start.session, topics });
  const unknown = `${"a".repeat(12)}.${"b".repeat(24)}`;
  await hub.v1({ session: unknown, topics: { lobby: { epoch, offset: 0 } } });
  await hub.v1();
  again.read();
  const { resumed, notResumed, recovered, notRecovered } = hub.hub.stats();
  assertEquals([resumed, notResumed, recovered, notRecovered], [1, 1, 1, 1]);
});

Deno.test("unacknowledged bytes are those that a peer was sent, until it acknowledges", async () => {
  await using hub = inMemory();
  const peer = await hub.v1();
  assertEquals(hub.hub.stats().unackedBytes, 0);
  hub.hub.broadcast({ type: "chat", text: "x".repeat(1_000) });
  hub.flush();
  assert(hub.hub.stats().unackedBytes > 1_000);
  peer.send({ type: "ack", frames: 1 });
  assertEquals(hub.hub.stats().unackedBytes, 0);
  const plain = hub.plain();
  plain.far.near.bufferedAmount = 17;
  assertEquals(hub.hub.stats().unackedBytes, 17);
});

Deno.test("who is turned away is closed, and counted by its code", async () => {
  await using hub = inMemory();
  void hub.hub.drain(0);
  hub.connect(PROTOCOL);
  assertEquals([...hub.hub.stats().closes], [[1001, 1]]);
});
