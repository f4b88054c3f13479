import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../adapters/store_memory.ts";
import { SqliteStore } from "../../adapters/sqlite/loop_store.ts";
import type { Clock } from "../../hub/clock.ts";
import type { Store } from "../../hub/log/store.ts";
import { inMemory } from "../hub/in_memory.ts";

const STORES: readonly (readonly [string, (clock: Clock) => Store])[] = [
  ["in memory", (clock) => new MemoryStore(clock)],
  ["on disk", (clock) => new SqliteStore(":memory:", clock)],
];

// Found by `deno task chaos --scenario disconnects-store`: 8 to 22 of 500 messages were stored twice.
for (const [where, store] of STORES) {
  Deno.test(`stores a publish once whose connection ends before the flush (log ${where})`, async () => {
    await using test = inMemory({}, store);
    const { peer, start } = await test.start({ topics: { t: {} } });
    const publish = (id: number) => ({
      type: "publish",
      id,
      topic: "t",
      message: { type: "chat", text: String(id) },
    });
    peer.send(publish(1));
    peer.send(publish(2));
    peer.far.drop();
    test.flush();

    const { session, topics: { t } } = start;
    const again = await test.v1({
      session,
      topics: { t: { epoch: t.epoch, offset: t.offset } },
    });
    for (const id of [1, 2, 3]) again.send(publish(id));
    test.flush();
    const frames = again.read();
    assertEquals(
      frames.filter(({ type }) => type === "ack"),
      [0, 1, 2].map((offset) => ({ type: "ack", id: offset + 1, offset })),
    );
    assertEquals(test.hub.topic("t").bounds?.head, 3);
  });
}
