import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import type { Observer } from "../../../hub/observe/observer.ts";
import { PROTOCOL } from "../../../messages.ts";
import { DeepStore } from "../deep_store.ts";
import { inMemory } from "../in_memory.ts";

/** An observer that records its calls. */
function recorder(): { calls: unknown[]; observer: Observer } {
  const calls: unknown[] = [];
  return {
    calls,
    observer: {
      opened: ({ dialect }) => calls.push(["opened", dialect]),
      closed: ({ dialect }, { code, reason }) =>
        calls.push(["closed", dialect, code, reason]),
      refused: ({ status, path }) => calls.push(["refused", status, path]),
      failed: (error, { stage }) =>
        calls.push(["failed", stage, (error as Error).message]),
      store: (works) => calls.push(["store", works]),
      draining: (n) => calls.push(["draining", n]),
      ended: (n) => calls.push(["ended", n]),
      roundTrip: (ms) => calls.push(["roundTrip", ms]),
    },
  };
}

Deno.test("reports every connection, with and without a hello, and the end of the hub", async () => {
  const { calls, observer } = recorder();
  const hub = inMemory();
  hub.hub.observe(observer);
  const plain = hub.plain();
  const silent = hub.connect(PROTOCOL);
  silent.send("not JSON");
  plain.far.close(1000, "bye");
  hub.hub.transport.refused({ status: 403, address: "192.0.2.1", path: "/ws" });
  void hub.hub.drain({ overMs: 0 });
  const closing = hub.hub.close();
  hub.clock.advance(1_000);
  await closing;
  assertEquals(calls, [
    ["opened", "plain"],
    ["opened", "drumbeat.v1"],
    ["closed", "drumbeat.v1", 4500, "Invalid JSON"],
    ["closed", "plain", 1000, "bye"],
    ["refused", 403, "/ws"],
    ["draining", 0],
    ["ended", 1],
  ]);
  const { closes, refusals } = hub.hub.stats();
  assertEquals([[...closes], [...refusals]], [
    [[4500, 1], [1000, 1]],
    [[403, 1]],
  ]);
});

Deno.test("reports what an observer throws, or rejects with, and does not call a removed one", async () => {
  const { calls, observer } = recorder();
  await using hub = inMemory();
  const remove = hub.hub.observe(observer);
  const stages: unknown[] = [];
  hub.hub.observe({
    opened: () => {
      throw new Error("thrown");
    },
    flushed: (() => Promise.reject(new Error("rejected"))) as () => void,
    failed: (_error, { stage }) => {
      stages.push(stage);
      throw new Error("failed");
    },
  });
  hub.hub.observe(recorder().observer);
  const peer = hub.plain();
  peer.send({ type: "chat" });
  hub.flush();
  assertEquals(peer.read().length, 1);
  assertEquals(calls.splice(0), [["opened", "plain"]]);
  remove();
  hub.plain();
  assertEquals(calls, []);
  hub.hub.transport.report(new Error("reported"), "listen");
  await Promise.resolve();
  assertEquals(
    hub.errors.map(({ error, stage }) => [stage, (error as Error).message]),
    [
      ["observe", "thrown"],
      ["observe", "thrown"],
      ["observe", "failed"],
      ["listen", "reported"],
      ["observe", "rejected"],
    ],
  );
  assertEquals(stages, ["listen"]);
});

/** An observer that counts its starts and stops. */
function counting(): { counts: number[]; observer: Observer } {
  const counts = [0, 0];
  const observer = {
    start: () => {
      counts[0]!++;
      return () => void counts[1]!++;
    },
  };
  return { counts, observer };
}

Deno.test("starts an observer once and stops it once: when it is removed, or with the hub", async () => {
  const [removed, kept, late] = [counting(), counting(), counting()];
  const hub = inMemory();
  const remove = hub.hub.observe(removed.observer);
  hub.hub.observe(kept.observer);
  hub.hub.observe(kept.observer);
  remove();
  remove();
  assertEquals([removed.counts, kept.counts], [[1, 1], [1, 0]]);
  await hub[Symbol.asyncDispose]();
  assertEquals([removed.counts, kept.counts], [[1, 1], [1, 1]]);
  hub.hub.observe(late.observer)();
  assertEquals(late.counts, [1, 1]);
});

Deno.test("rejects an observer that cannot start", async () => {
  await using hub = inMemory();
  const { calls, observer } = recorder();
  const start = () => {
    throw new Error("Cannot observe");
  };
  assertThrows(
    () => hub.hub.observe({ ...observer, start }),
    Error,
    "Cannot observe",
  );
  hub.plain();
  assertEquals(calls, []);
});

Deno.test("counts a failure, and reports it to the observers and to onError", async () => {
  const { calls, observer } = recorder();
  await using hub = inMemory();
  hub.hub.observe(observer);
  hub.hub.transport.report(new Error("no descriptors"), "listen");
  assertEquals(calls, [["failed", "listen", "no descriptors"]]);
  assertEquals(hub.errors.map(({ stage }) => stage), ["listen"]);
  assertEquals(hub.hub.stats().errors, 1);
});

Deno.test("is not ready after the store failed, until it commits again or 10 s have passed", async () => {
  const stores: DeepStore[] = [];
  await using hub = inMemory({}, (clock) => {
    stores.push(new DeepStore(clock));
    return stores[0]!;
  });
  const [store] = stores;
  const { calls, observer } = recorder();
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
  assertEquals(hub.hub.readiness, "store-failing");
  assertFalse(hub.hub.stats().storeWorks);
  await publish();
  assertEquals(hub.hub.readiness, "ready");
  assertEquals(calls, [
    ["store", false],
    ["failed", "store", "disk full"],
    ["store", true],
  ]);
  store!.appendFailure = new Error("disk full");
  await publish();
  hub.clock.advance(10_000);
  assertEquals(hub.hub.readiness, "store-failing");
  hub.clock.advance(1);
  assertEquals(hub.hub.readiness, "ready");
});

Deno.test("measures a round trip from a ping of the hub to the pong, with the hub's clock", async () => {
  const { calls, observer } = recorder();
  await using hub = inMemory();
  const peer = await hub.v1();
  hub.hub.observe(observer);
  peer.send({ type: "pong", time: 1 });
  hub.clock.advance(11_500);
  const [ping] = peer.readType("ping");
  hub.clock.advance(250);
  peer.send({ type: "pong", time: ping.time - 1_000_000 });
  peer.send({ type: "pong", time: ping.time });
  assertEquals(calls.length, 1);
  const [[event, ms]] = calls as [[string, number]];
  assertEquals(event, "roundTrip");
  assert(ms >= 250 && ms <= 1_500, `${ms} ms`);
});

Deno.test("counts sessions by whether they were resumed, and positions by whether a record was missing", async () => {
  await using hub = inMemory({ topics: { "*": { maxRecords: 1 } } });
  const { peer, start } = await hub.start();
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

Deno.test("counts the bytes that a peer was sent and has not acknowledged", async () => {
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

Deno.test("counts a rejected connection by its close code", async () => {
  await using hub = inMemory();
  void hub.hub.drain({ overMs: 0 });
  hub.connect(PROTOCOL);
  assertEquals([...hub.hub.stats().closes], [[1001, 1]]);
});

Deno.test("is not ready while the store reports itself as failing, however long ago it failed", async () => {
  const stores: DeepStore[] = [];
  await using hub = inMemory({}, (clock) => {
    stores.push(new DeepStore(clock));
    return stores[0]!;
  });
  const [store] = stores;
  assertEquals(hub.hub.readiness, "ready");
  store!.healthy = false;
  hub.clock.advance(60_000);
  assertEquals(hub.hub.readiness, "store-failing");
  assertFalse(hub.hub.stats().storeWorks);
  store!.healthy = true;
  assertEquals(hub.hub.readiness, "ready");
});
