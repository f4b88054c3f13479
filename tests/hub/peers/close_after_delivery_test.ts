import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { Entry } from "../../../hub/log/store.ts";
import { inMemory } from "../in_memory.ts";

/** A store that commits when the test calls `commit`, as one on a network does. */
class LateStore extends MemoryStore {
  #appended: (readonly Entry[])[] = [];

  override append(entries: readonly Entry[]): void {
    this.#appended.push(entries);
  }

  commit(): void {
    for (const entries of this.#appended.splice(0)) super.append(entries);
  }
}

for (const dialect of ["plain", "drumbeat.v1"]) {
  Deno.test(`a ${dialect} peer receives what a handler sent before it closed the peer`, async () => {
    await using world = inMemory();
    const peer = dialect === "plain" ? world.plain() : await world.v1();
    world.hub.on("bad", (_message, { peer }) => {
      void peer!.send({ type: "notice" });
      void world.hub.broadcast({ type: "bye" });
      peer!.close(4503, "bye");
    });
    if (dialect === "plain") peer.send({ type: "bad" });
    else {
      const message = { type: "bad" };
      peer.send({ type: "publish", id: 1, topic: "lobby", message });
    }
    world.flush();
    const texts = peer.read().flatMap(({ type, messages }) =>
      messages === undefined
        ? [type]
        : messages.map(({ message }: { message: { type: string } }) =>
          message.type
        )
    );
    assertEquals(
      texts.filter((type: string) => ["notice", "bye"].includes(type))
        .toSorted(),
      ["bye", "notice"],
    );
    assertEquals(peer.closed, { code: 4503, reason: "bye" });
  });
}

Deno.test("onOpen may send a message and close the peer", async () => {
  await using world = inMemory({
    onOpen: (peer) => {
      void peer.send({ type: "full" });
      peer.close(4503, "full");
    },
  });
  const peer = world.connect("");
  assertEquals(peer.read().map(({ type }) => type), ["start", "full"]);
  assertEquals(peer.closed?.code, 4503);
});

Deno.test("a close waits for a store that commits later, for a second at most, and ignores the peer meanwhile", async () => {
  const stores: LateStore[] = [];
  await using world = inMemory({}, (clock) => {
    stores.push(new LateStore(clock));
    return stores[0]!;
  });
  const [store] = stores;
  const [a, b] = [world.plain(), world.plain()];
  for (const peer of world.hub.peers) {
    void peer.send({ type: "notice" });
    peer.close(4503, "bye");
    peer.close(4504, "again");
  }
  assertEquals([a.closed, b.closed], [undefined, undefined]);
  a.send({ type: "ignored" });
  store!.commit();
  for (let i = 0; i < 5; i++) await Promise.resolve();
  for (const peer of [a, b]) {
    assertEquals(peer.read().map(({ type }) => type), ["notice"]);
    assertEquals(peer.closed, { code: 4503, reason: "bye" });
  }
  assertEquals(world.hub.stats().committed, 2);
  const late = world.plain();
  for (const peer of world.hub.peers) {
    peer.send({ type: "lost" }).catch(() => {});
    peer.close();
  }
  world.clock.advance(999);
  assertEquals(late.closed, undefined);
  world.clock.advance(1);
  assertEquals(late.closed?.code, 1000);
  store!.commit();
});
