import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ringOf } from "../../../hub/log/log.ts";
import { DeepStore } from "../../hub/deep_store.ts";
import { entry, startHost, type TestWorker } from "./test_worker.ts";

Deno.test("sends two workers every record once, in one order and at the same offsets, while both append", async () => {
  const { rig, worker } = startHost();
  await using _ = rig;
  const workers = [await worker(), await worker()];
  const [a, b] = workers as [TestWorker, TestWorker];
  const epochs = [(await a.open("room")).epoch, (await b.open("room")).epoch];
  assertEquals(epochs[0], epochs[1]);
  await Promise.all(workers.map(async (worker, n) => {
    for (let round = 0; round < 50; round++) {
      await worker.append(
        ...Array.from({ length: 10 }, (_, i) => entry(`${n} ${round} ${i}`)),
      );
    }
  }));
  await a.until(() => a.logs.get("room")!.length === 1_000);
  await b.until(() => b.logs.get("room")!.length === 1_000);
  assertEquals(a.texts("room"), b.texts("room"));
  assertEquals(
    a.texts("room").map(([offset]) => offset),
    Array.from({ length: 1_000 }, (_, i) => i),
  );
  for (const n of ["0", "1"]) {
    const own = a.texts("room").map(([, text]) => String(text))
      .filter((text) => text.startsWith(n));
    const sent = Array.from(
      { length: 50 },
      (_, round) => Array.from({ length: 10 }, (_, i) => `${n} ${round} ${i}`),
    ).flat();
    assertEquals(own, sent);
  }
});

Deno.test("commits a worker's own record as the object that it appended, before it settles it", async () => {
  const { rig, worker } = startHost();
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  const sent = entry("mine");
  await a.append(sent);
  assertStrictEquals(a.logs.get("room")![0]![1], sent.record);
  assertEquals(a.calls, ["opened room", "committed room", "settled"]);
});

Deno.test("sends the records of a topic to the workers that have it open only, for any topic name", async () => {
  const { rig, worker } = startHost();
  await using _ = rig;
  const [a, b] = [await worker(), await worker()];
  for (const topic of ["room", "$presence/room", "$hub"]) await a.open(topic);
  await b.open("$presence/room");
  await a.append(
    ...["room", "$presence/room", "$hub"].map((topic) => entry("x", { topic })),
  );
  await b.until(() => b.logs.get("$presence/room")!.length === 1);
  await rig.handled();
  assertEquals(b.calls, ["opened $presence/room", "committed $presence/room"]);
  b.store.forget("$presence/room");
  await rig.handled();
  await a.append(entry("y", { topic: "$presence/room" }));
  await rig.handled();
  assertEquals(b.calls.length, 2);
});

Deno.test("sends the newest records with their age to a worker that opens a topic later", async () => {
  const { rig, worker, clock } = startHost({
    topics: { room: { maxRecords: 3 } },
  });
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  await a.append(...["1", "2", "3", "4", "5"].map((text) => entry(text)));
  clock.advance(500);
  const b = await worker();
  const { epoch, tail, head, recent } = await b.open("room");
  assertEquals([epoch, tail, head], [a.bounds.get("room")!.epoch, 2, 5]);
  assertEquals(recent?.tail, 2);
  assertEquals(b.texts("room"), [[2, "3"], [3, "4"], [4, "5"]]);
  assertEquals(b.logs.get("room")![0]![1].since, clock.now() - 500);
  const ring = ringOf(b.bounds.get("room")!, "gap");
  assertEquals([ring.tail, ring.head, ring.size], [2, 5, 3]);
});

Deno.test("sends the newest record of each key to a worker that opens a topic of latest records later", async () => {
  const { rig, worker } = startHost({ topics: { room: { lag: "latest" } } });
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  const keys = ["a", "b", "a", "c", "a"];
  await a.append(...keys.map((key, i) => entry(`${i}`, { key })));
  const b = await worker();
  await b.open("room");
  assertEquals(b.texts("room"), [[1, "1"], [3, "3"], [4, "4"]]);
  const ring = ringOf(b.bounds.get("room")!, "latest");
  assertEquals([ring.tail, ring.head, ring.size], [0, 5, 3]);
  assertEquals([ring.next(0), ring.next(2)], [1, 3]);
  // The worker's own handlers receive every record of its own, replaced or not.
  assertEquals(a.logs.get("room")!.length, 5);
});

Deno.test("announces a direct message to every worker, so that the worker of the peer can open its log", async () => {
  const { rig, worker } = startHost();
  await using _ = rig;
  const [a, b] = [await worker(), await worker()];
  await a.open("$peer/x");
  await a.append(
    entry("1", { topic: "$peer/x" }),
    entry("2", { topic: "$peer/x" }),
  );
  await b.until(() => b.calls.length > 0);
  assertEquals(b.calls, ["directMessage $peer/x"]);
  await b.open("$peer/x");
  assertEquals(b.texts("$peer/x"), [[0, "1"], [1, "2"]]);
});

Deno.test("reads records through the port, and reports a trim", async () => {
  let deep: DeepStore | undefined;
  const { rig, worker } = startHost({}, (clock) => deep = new DeepStore(clock));
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  await a.append(entry("1"), entry("2"), entry("3"));
  const found = await a.store.read!("room", 1, 1e6);
  assertEquals(found.offset, 1);
  assertEquals(found.records.map(({ body }) => body), ["2", "3"]);
  deep!.trim("room", 2);
  await a.until(() => a.calls.includes("trimmed room 2"));
  const b = await worker();
  assertEquals((await b.open("room")).tail, 0, "the ring has them still");
  deep!.failure = new Error("disk failure");
  await assertRejects(
    async () => await a.store.read!("room", 0, 1e6),
    Error,
    "disk failure",
  );
});

Deno.test("forgets a topic without a worker when its records and the sessions of its peers have expired", async () => {
  const { rig, worker, clock } = startHost({
    sessionMs: 15_000,
    topics: { room: { maxAgeMs: 5_000 } },
  });
  await using _ = rig;
  const a = await worker();
  const { epoch } = await a.open("room");
  a.store.forget("room");
  await rig.handled();
  clock.advance(14_000);
  a.bounds.clear();
  assertEquals((await a.open("room")).epoch, epoch);
  a.store.forget("room");
  await rig.handled();
  clock.advance(30_000);
  a.bounds.clear();
  assert((await a.open("room")).epoch !== epoch);
});

Deno.test("the host drops the oldest records of the largest log above recordBytes, and a worker that comes later receives the rest", async () => {
  const { rig, worker } = startHost({ recordBytes: 10_000 });
  await using _ = rig;
  const a = await worker();
  await a.open("large");
  await a.open("small");
  await a.append(entry("x", { topic: "small" }));
  for (let n = 0; n < 20; n++) {
    await a.append(entry("x".repeat(1_000), { topic: "large" }));
  }
  const b = await worker();
  assertEquals((await b.open("small")).tail, 0);
  const { tail, head } = await b.open("large");
  assertEquals(head, 20);
  assert(tail >= 12 && tail < 20, `${tail}`);
});
