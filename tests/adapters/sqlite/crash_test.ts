import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { SqliteStore } from "../../../adapters/sqlite/loop_store.ts";
import { entry, Folder, onDisk, type Recorder, SESSION } from "./folder.ts";
import { Publisher } from "./publisher.ts";

/** Asserts that the file contains every acknowledged record at its offset, and no other. */
function assertKept(
  folder: Folder,
  { acked, epoch }: Publisher,
): { epoch: string; head: number; store: SqliteStore; sink: Recorder } {
  const { store, sink } = folder.open();
  store.open("room");
  const bodies = new Map(onDisk(store));
  for (const [id, offset] of acked) {
    assertEquals(bodies.get(offset), `publish ${id}`);
  }
  const { head, ...bounds } = sink.bounds.get("room")!;
  assertEquals(bodies.size, head);
  assertEquals(bounds, { epoch: bounds.epoch, tail: 0 });
  assert(acked.size > 0 && epoch !== "");
  return { epoch: bounds.epoch, head, store, sink };
}

/** The stores: in the event loop, and in a worker. */
const KINDS = [["SqliteStore", false], ["SqliteWorkerStore", true]] as const;

for (const [kind, worker] of KINDS) {
  Deno.test(`${kind}: keeps the epoch and every acknowledged record once over kill -9, with full durability`, async () => {
    await using folder = new Folder();
    let [id, epoch] = [1, ""];
    for (let round = 0; round < 3; round++) {
      await using publisher = new Publisher(folder.file, { worker }, id);
      await publisher.until(100 + round * 37);
      await publisher.kill();
      const kept = assertKept(folder, publisher);
      assertEquals(kept.epoch, publisher.epoch);
      if (round > 0) assertEquals(kept.epoch, epoch);
      epoch = kept.epoch;
      // Unanswered publishes are sent again and stored once.
      assert(kept.store.claim(SESSION));
      const ids = [...publisher.acked.keys()].slice(-200);
      const last = Math.max(...ids);
      kept.store.append(ids.map((id) => entry("again", id)));
      assertEquals(kept.sink.take(), ids.map((id) => publisher.acked.get(id)!));
      for (let next = last + 1; next <= last + 10; next++) {
        kept.store.append([entry(`publish ${next}`, next)]);
      }
      const bodies = onDisk(kept.store).map(([, body]) => body);
      assertEquals(
        bodies,
        Array.from({ length: bodies.length }, (_, n) => `publish ${n + 1}`),
      );
      id = bodies.length + 1;
      await folder.close(kept.store);
    }
  });
}

for (const [kind, worker] of KINDS) {
  Deno.test(`${kind}: keeps every acknowledged record over kill -9 and begins a new epoch, with relaxed durability`, async () => {
    await using folder = new Folder();
    const options = { durability: "relaxed", worker } as const;
    await using publisher = new Publisher(folder.file, options, 1);
    await publisher.until(100);
    await publisher.kill();
    const { epoch } = assertKept(folder, publisher);
    assertNotEquals(epoch, publisher.epoch);
  });
}

for (const [kind, worker] of KINDS) {
  Deno.test(`${kind}: keeps the epoch over a clean end, with relaxed durability`, async () => {
    await using folder = new Folder();
    const options = { durability: "relaxed", worker } as const;
    await using publisher = new Publisher(folder.file, options, 1);
    await publisher.until(10);
    await publisher.stop();
    assertEquals(assertKept(folder, publisher).epoch, publisher.epoch);
  });
}

Deno.test("begins a new epoch in every log once after a crash with relaxed durability, and in no log with full", async () => {
  for (const durability of ["full", "relaxed"] as const) {
    for (const next of ["full", "relaxed"] as const) {
      await using folder = new Folder();
      const before = folder.open({ durability });
      for (const topic of ["a", "b"]) before.store.open(topic);
      before.store.append([entry("x", undefined, "a")]);
      folder.clock.advance(100);
      const image = folder.crashed();
      const first = folder.open({ durability: next }, image);
      for (const topic of ["a", "b"]) first.store.open(topic);
      for (const topic of ["a", "b"]) {
        const [was, is] = [before, first].map(({ sink }) =>
          sink.bounds.get(topic)!
        );
        assertEquals(was!.epoch === is!.epoch, durability === "full");
      }
      assertEquals(first.sink.bounds.get("a")!.head, 1);
      await folder.close(first.store);
      const second = folder.open({}, image);
      second.store.open("a");
      assertEquals(
        second.sink.bounds.get("a"),
        first.sink.bounds.get("a"),
      );
    }
  }
});

Deno.test("has every settled record in the file, whatever the moment of a crash", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open();
  store.open("room");
  store.begin(SESSION);
  const images: [string, number][] = [];
  const settled = sink.settled.bind(sink);
  sink.settled = (entry, outcome) => {
    settled(entry, outcome);
    if (sink.outcomes.length % 3 === 0) {
      images.push([folder.crashed(), sink.outcomes.length]);
    }
  };
  for (let id = 1; id <= 12; id += 2) {
    store.append([entry(`${id}`, id), entry(`${id + 1}`, id + 1)]);
  }
  assertEquals(images.length, 4);
  for (const [image, count] of images) {
    const after = folder.open({}, image);
    after.store.open("room");
    assert(after.store.claim(SESSION));
    const { head } = after.sink.bounds.get("room")!;
    assert(head >= count && head <= count + 1);
    after.store.append(
      Array.from({ length: count }, (_, n) => entry("again", n + 1)),
    );
    assertEquals(
      after.sink.take(),
      Array.from({ length: count }, (_, n) => n),
    );
  }
});
