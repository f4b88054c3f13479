import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import { createHub } from "../../../hub.ts";
import type { Store } from "../../../hub/log/store.ts";
import { TieredStore } from "../../../hub/log/tiered_store.ts";
import { storeConformance } from "../../adapters/store_conformance.ts";
import { FakeClock } from "../fake_clock.ts";
import { type AnyFrame, InMemory } from "../in_memory.ts";

storeConformance("TieredStore", ({ clock, sessionMs }) => ({
  store: new TieredStore({
    durable: new MemoryStore(clock, { sessionMs }),
    ephemeral: new MemoryStore(clock, { sessionMs }),
    isEphemeral: (topic) => topic === "a",
  }),
  // An id is repeated with its message, to the same topic.
  outcomesByTopic: true,
}));

const publish = (id: number, topic: string) => ({
  type: "publish",
  id,
  topic,
  message: { type: "chat", text: `${id}` },
});

const TOPICS = { "cursor:*": { durable: false } };

Deno.test("an ephemeral topic is never in the file, has a new epoch after a restart, and a repeated id is answered once", async () => {
  const file = await Deno.makeTempFile();
  const open = (clock: FakeClock) =>
    new InMemory(
      clock,
      { topics: TOPICS },
      (clock) => new SqliteStore(file, clock),
    );
  const before = open(new FakeClock());
  const topics = { "cursor:a": {}, lobby: {} };
  const { peer, start } = await before.start({ topics });
  for (const id of [1, 1, 3]) peer.send(publish(id, "cursor:a"));
  peer.send(publish(4, "lobby"));
  before.flush();
  assertEquals(
    peer.readType("ack").map(({ id, offset }: AnyFrame) => [id, offset]),
    [[1, 0], [1, 0], [3, 1], [4, 0]],
  );
  peer.far.drop();
  await before[Symbol.asyncDispose]();
  const store = new SqliteStore(file, new FakeClock());
  assertEquals([store.has("cursor:a"), store.has("lobby")], [false, true]);
  await store[Symbol.asyncDispose]();
  const after = open(new FakeClock());
  const back = await after.start({ session: start.session, topics });
  assertEquals(back.start.resumed, true);
  assertEquals(back.start.topics.lobby.epoch, start.topics.lobby.epoch);
  const { epoch, offset } = back.start.topics["cursor:a"];
  assertNotEquals(epoch, start.topics["cursor:a"].epoch);
  assertEquals(offset, 0);
  back.peer.send(publish(5, "cursor:a"));
  after.flush();
  assertEquals(back.peer.readType("ack").length, 1);
  await after[Symbol.asyncDispose]();
  await Deno.remove(file);
});

Deno.test("a record of an ephemeral topic does not report a failing store as working", async () => {
  let failing: MemoryStore;
  const clock = new FakeClock();
  await using hub = new InMemory(clock, { topics: TOPICS }, (clock) => {
    failing = new MemoryStore(clock);
    failing.append = () => {
      throw new Error("full");
    };
    return failing;
  });
  const { peer } = await hub.start({ topics: { "cursor:a": {}, lobby: {} } });
  peer.send(publish(1, "lobby"));
  peer.send(publish(2, "cursor:a"));
  hub.flush();
  assertEquals(
    peer.read().filter(({ id }) => id !== undefined)
      .map(({ type, id, code }) => [type, id, code]),
    [["ack", 2, undefined], ["error", 1, "indeterminate"]],
  );
  peer.send(publish(3, "cursor:a"));
  hub.flush();
  assertEquals(hub.hub.stats().storeWorks, false);
});

Deno.test("an ephemeral topic is refused with a store that several nodes share", () => {
  let isClosed = false;
  const shared = (clock: ConstructorParameters<typeof MemoryStore>[0]): Store =>
    Object.assign(new MemoryStore(clock), {
      shared: true,
      [Symbol.asyncDispose]: () => {
        isClosed = true;
        return Promise.resolve();
      },
    });
  assertThrows(
    () => createHub({ store: shared, topics: TOPICS }),
    TypeError,
    "Cannot create the hub: a topic has 'durable: false', and several hubs share the store",
  );
  assertEquals(isClosed, true);
});
