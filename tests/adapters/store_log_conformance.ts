import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { entry, SESSION_MS, type StoreTests } from "./store_rig.ts";
import { bodies } from "./store_recorder.ts";

/** Registers the tests of a store's logs. */
export function logConformance({ test, testReopened }: StoreTests): void {
  let epoch = "";

  test("opens a new log at offset 0, with an epoch", async ({ open }) => {
    const { epoch, tail, head } = await open("room");
    assertEquals([tail, head], [0, 0]);
    assert(epoch.length > 0);
  });

  test("gives each log another epoch, and keeps it", async ({ open }) => {
    const [a, b] = [await open("a"), await open("b")];
    assertNotEquals(a.epoch, b.epoch);
    assertEquals(await open("a"), a);
  });

  test("opens a log of any name", async ({ open, append }) => {
    for (
      const topic of [
        "__proto__",
        "constructor",
        "grüße 🥁",
        "'; DROP TABLE logs; --",
        " ",
      ]
    ) {
      await open(topic);
      assertEquals(await append(entry("1", { topic })), [{ offset: 0 }]);
    }
  });

  test("commits an append, then settles each entry with its offset", async ({ open, append, sink }) => {
    await open("room");
    assertEquals(await append(entry("1"), entry("2")), [{ offset: 0 }, {
      offset: 1,
    }]);
    assertEquals(await append(entry("3")), [{ offset: 2 }]);
    assertEquals(bodies(sink.logs.get("room")), [[0, "1"], [1, "2"], [2, "3"]]);
    assertEquals(sink.calls, [
      "opened",
      "committed",
      "settled",
      "settled",
      "committed",
      "settled",
    ]);
    assertEquals((await open("room")).head, 3);
  });

  test("counts offsets for each topic, in the order of the entries", async ({ open, append, sink }) => {
    for (const topic of ["a", "b"]) await open(topic);
    const entries = ["a", "b", "a", "b", "b"].map((topic, i) =>
      entry(`${i}`, { topic })
    );
    assertEquals(
      await append(...entries),
      [0, 0, 1, 1, 2].map((offset) => ({ offset })),
    );
    assertEquals(bodies(sink.logs.get("a")), [[0, "0"], [1, "2"]]);
    assertEquals(bodies(sink.logs.get("b")), [[0, "1"], [1, "3"], [2, "4"]]);
  });

  test("commits once for each topic and append", async ({ open, append, sink }) => {
    for (const topic of ["a", "b"]) await open(topic);
    await append(
      entry("1", { topic: "a" }),
      entry("2", { topic: "b" }),
      entry("3", { topic: "a" }),
    );
    assertEquals(sink.calls.filter((call) => call === "committed").length, 2);
  });

  test("keeps sender, time, text and bytes of a record", async ({ open, append, sink }) => {
    await open("room");
    const entries = [
      entry('{"type":"chat","text":"grüße 🥁"}'),
      entry(Uint8Array.of(0, 255, 7)),
      entry(new Uint8Array(0)),
    ];
    await append(...entries);
    [...sink.logs.get("room")!.values()].forEach((record, i) => {
      const { from, at, body, bytes } = entries[i]!.record;
      assertEquals([record.from, record.at, record.body, record.bytes], [
        from,
        at,
        body,
        bytes,
      ]);
    });
  });

  test("accepts an empty append", async ({ append, sink }) => {
    assertEquals(await append(), []);
    assertEquals(sink.failures, []);
  });

  test("gives no offset of an epoch twice after the topic was forgotten", async ({ store, open, append }) => {
    const before = await open("room");
    await append(entry("a"));
    store.forget("room");
    const after = await open("room");
    const head = after.epoch === before.epoch ? 1 : 0;
    assertEquals(after.head, head);
    assertEquals(await append(entry("b")), [{ offset: head }]);
  });

  test("ignores that an unknown topic is forgotten", async ({ store, open }) => {
    store.forget("nowhere");
    assertEquals((await open("room")).head, 0);
  });

  test("reads its records from an offset on, at least one record", async ({ store, open, append }) => {
    if (store.read === undefined) return;
    await open("room");
    await append(
      ...Array.from({ length: 10 }, (_, i) => entry(`${i}`.repeat(100))),
    );
    const all = await store.read("room", 3, 1e6);
    assertEquals(all.offset, 3);
    assertEquals(
      all.records.map(({ body }) => body),
      [3, 4, 5, 6, 7, 8, 9].map((i) => `${i}`.repeat(100)),
    );
    assertEquals((await store.read("room", 0, 1)).records.length, 1);
    const some = await store.read("room", 0, 500);
    assert(some.records.length >= 2 && some.records.length < 6);
    assertEquals((await store.read("room", 10, 1e6)).records, []);
  });

  test("reads records as they were written", async ({ store, open, append }) => {
    if (store.read === undefined) return;
    await open("room");
    const entries = [
      entry("grüße 🥁"),
      entry(Uint8Array.of(0, 255)),
      entry(""),
    ];
    await append(...entries);
    const { records } = await store.read("room", 0, 1e6);
    assertEquals(
      records.map(({ from, at, body, bytes }) => [from, at, body, bytes]),
      entries.map((
        { record: { from, at, body, bytes } },
      ) => [from, at, body, bytes]),
    );
  });

  test("may be closed twice", async ({ store }) => {
    await store[Symbol.asyncDispose]();
  });

  test("keeps the epoch and the head of an open topic without records", async ({ open, append, advance }) => {
    const { epoch } = await open("room");
    await append(entry("a"));
    await advance(5 * SESSION_MS);
    const again = await open("room");
    assertEquals([again.epoch, again.head], [epoch, 1]);
    assertEquals(await append(entry("b")), [{ offset: 1 }]);
  });

  testReopened(
    "keeps the epoch of a topic without records when it is opened again, for longer than a session lives",
    async ({ open }) => void ({ epoch } = await open("room")),
    async ({ open, append, advance }) => {
      // A client returns a while after the process.
      await advance(2 * SESSION_MS);
      assertEquals(await open("room"), { epoch, tail: 0, head: 0 });
      assertEquals(await append(entry("a")), [{ offset: 0 }]);
    },
  );

  testReopened(
    "keeps epochs, heads and records when it is opened again",
    async ({ open, append, sink }) => {
      await open("room");
      await append(entry("a"), entry("b"));
      epoch = sink.bounds.get("room")!.epoch;
    },
    async ({ open, append, store }) => {
      assertEquals(await open("room"), {
        epoch,
        tail: 0,
        head: 2,
      });
      assertEquals(
        (await store.read?.("room", 0, 1e6))?.records.map(({ body }) => body),
        ["a", "b"],
      );
      assertEquals(await append(entry("c")), [{ offset: 2 }]);
    },
  );
}
