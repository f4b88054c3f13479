import { assertEquals, assertRejects } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { Entry } from "../../../hub/log/store.ts";
import { type InMemory, inMemory, type TestPeer } from "../in_memory.ts";

type Method = "open" | "append" | "forget" | "begin" | "claim" | "detach";

/** A store with methods that fail when a test requires it: by an exception, or by a rejection. */
class FailingStore extends MemoryStore {
  readonly failing: Map<Method, "throws" | "rejects"> = new Map();

  override open(topic: string): void {
    return this.#fail("open") ?? super.open(topic);
  }

  override append(entries: readonly Entry[]): void {
    return this.#fail("append") ?? super.append(entries);
  }

  override forget(topic: string): void {
    return this.#fail("forget") ?? super.forget(topic);
  }

  override begin(session: string): void {
    return this.#fail("begin") ?? super.begin(session);
  }

  override claim(session: string): boolean {
    return this.#fail("claim") as unknown as boolean | undefined ??
      super.claim(session);
  }

  override detach(session: string): void {
    return this.#fail("detach") ?? super.detach(session);
  }

  #fail(method: Method): void {
    const failure = this.failing.get(method);
    if (failure === "throws") throw `${method} throws`;
    // The type `void` permits an async function, whose rejection no caller handles.
    if (failure === "rejects") {
      return Promise.reject(`${method} rejects`) as never;
    }
  }
}

function failing(): { hub: InMemory; store: FailingStore } {
  let store: FailingStore | undefined;
  const hub = inMemory(
    { sessionMs: 1_000, topics: { "*": { maxAgeMs: 1_000 } } },
    (clock) => store = new FailingStore(clock, { sessionMs: 1_000 }),
  );
  return { hub, store: store! };
}

/** Returns the errors of `onError`, after the microtasks in which rejections are reported. */
async function reported(hub: InMemory): Promise<unknown[]> {
  await Promise.resolve();
  return hub.errors.splice(0).map(({ error, stage }) => [error, stage]);
}

/** Publishes, and returns the types or error codes of the frames that arrive. */
function publish(
  hub: InMemory,
  peer: TestPeer,
  id: number,
): (number | string)[] {
  const message = { type: "chat" };
  peer.send({ type: "publish", id, topic: "lobby", message });
  hub.flush();
  return peer.read().map(({ type, code }) => code ?? type);
}

Deno.test("settles every publish of a failed append as indeterminate, and continues with the next flush", async () => {
  const { hub, store } = failing();
  await using _ = hub;
  const peer = await hub.v1();
  for (const failure of ["throws", "rejects"] as const) {
    store.failing.set("append", failure);
    const id = failure === "throws" ? 1 : 3;
    const own = assertRejects(
      () => hub.hub.broadcast({ type: "own" }),
      Error,
      "The log failed: it may contain the message",
    );
    const answers = publish(hub, peer, id);
    await own;
    answers.push(...peer.read().map(({ code }) => code));
    assertEquals(answers, ["indeterminate"]);
    assertEquals(await reported(hub), [[`append ${failure}`, "store"]]);
    store.failing.delete("append");
    assertEquals(publish(hub, peer, id + 1), ["ack", "batch"]);
  }
});

Deno.test("keeps the outcomes that a store settled before it failed", async () => {
  class Late extends MemoryStore {
    override append(entries: readonly Entry[]): void {
      super.append(entries);
      throw "too late";
    }
  }
  await using hub = inMemory({}, (clock) => new Late(clock));
  const peer = await hub.v1();
  assertEquals(publish(hub, peer, 1), ["ack", "batch"]);
  assertEquals(await reported(hub), [["too late", "store"]]);
});

Deno.test("refuses a topic whose log the store fails to open, and tries again at its next use", async () => {
  const { hub, store } = failing();
  await using _ = hub;
  const peer = await hub.v1({ topics: {} });
  store.failing.set("open", "throws");
  peer.send({ type: "subscribe", id: 1, topic: "room" });
  assertEquals(publish(hub, peer, 2), ["unavailable", "unavailable"]);
  const { start } = await hub.start();
  assertEquals(start.topics, { lobby: { error: "unavailable" } });
  const plain = hub.connect("");
  assertEquals(plain.read().map(({ code }) => code), [
    undefined,
    "unavailable",
  ]);
  await assertRejects(() => hub.hub.broadcast({ type: "own" }));
  assertEquals(hub.hub.stats().topics, 0);
  assertEquals((await reported(hub)).length, 5);
  store.failing.clear();
  peer.send({ type: "subscribe", id: 3, topic: "room" });
  assertEquals(publish(hub, peer, 4), ["subscribed", "ack"]);
});

for (const failure of ["throws", "rejects"] as const) {
  Deno.test(`closes the connection whose session the store fails to claim (claim ${failure})`, async () => {
    const { hub, store } = failing();
    await using _ = hub;
    const { peer: other, start } = await hub.start();
    store.failing.set("claim", failure);
    const peer = hub.connect("drumbeat.v1");
    peer.send({ type: "hello", session: start.session });
    assertEquals((await peer.untilClosed()).code, 1011);
    assertEquals(await reported(hub), [[`claim ${failure}`, "hello"]]);
    assertEquals(other.closed, undefined);
  });

  Deno.test(`reports a store whose detach and forget ${failure}, and keeps its timers`, async () => {
    const { hub, store } = failing();
    await using _ = hub;
    const peer = await hub.v1();
    store.failing.set("detach", failure);
    peer.far.close(1000);
    assertEquals(await reported(hub), [[`detach ${failure}`, "store"]]);
    assertEquals(hub.closed.length, 1);
    store.failing.set("forget", failure);
    hub.clock.advance(5_000);
    assertEquals(await reported(hub), [[`forget ${failure}`, "store"]]);
    assertEquals(hub.hub.stats().topics, 0);
    // The heartbeat still runs.
    const silent = await hub.v1();
    hub.clock.advance(30_000);
    assertEquals(silent.closed?.code, 4001);
  });
}

Deno.test("closes the connection when begin throws, and reports a begin that rejects", async () => {
  const { hub, store } = failing();
  await using _ = hub;
  store.failing.set("begin", "throws");
  const peer = hub.connect("drumbeat.v1");
  peer.send({ type: "hello" });
  assertEquals((await peer.untilClosed()).code, 1011);
  assertEquals(await reported(hub), [["begin throws", "hello"]]);
  for (const method of ["begin", "open"] as const) {
    store.failing.set(method, "rejects");
  }
  const another = hub.connect("drumbeat.v1");
  another.send({ type: "hello", topics: { room: {} } });
  assertEquals(await reported(hub), [["begin rejects", "store"], [
    "open rejects",
    "store",
  ]]);
  // The log stays closed: the hello was in time, and the hub is what is late.
  hub.clock.advance(12_000);
  assertEquals(another.closed, { code: 1013, reason: "Store unavailable" });
});

Deno.test("sends only the ring's records to a late subscriber of a store without read", async () => {
  await using hub = inMemory({ topics: { "*": { maxRecords: 1 } } });
  const peer = await hub.v1();
  for (let id = 1; id <= 3; id++) publish(hub, peer, id);
  const late = await hub.v1({ topics: { lobby: { last: 5 } } });
  hub.flush();
  assertEquals(late.read().map(({ offset }) => offset), [2]);
});
