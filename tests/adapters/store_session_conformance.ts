import { assert, assertEquals } from "@std/assert";
import {
  entry,
  MARGIN_MS,
  OTHER,
  SESSION,
  SESSION_MS,
  SESSIONS,
  type StoreTests,
} from "./store_rig.ts";
import { bodies } from "./store_recorder.ts";

/** Registers the tests of a store's sessions and outcomes. */
export function sessionConformance({ test, testReopened }: StoreTests): void {
  test("settles a repeated id with its first outcome and does not write it again", async ({ store, open, append, sink }) => {
    await open("room");
    store.begin(SESSION);
    assertEquals(await append(entry("first", { id: 5 })), [{ offset: 0 }]);
    assertEquals(
      await append(entry("second", { id: 5 }), entry("new", { id: 6 })),
      [{ offset: 0 }, { offset: 1 }],
    );
    assertEquals(bodies(sink.logs.get("room")), [[0, "first"], [1, "new"]]);
  });

  test("settles an id that is repeated within one append", async ({ store, open, append, sink }) => {
    await open("room");
    store.begin(SESSION);
    assertEquals(await append(entry("a", { id: 1 }), entry("b", { id: 1 })), [{
      offset: 0,
    }, { offset: 0 }]);
    assertEquals(bodies(sink.logs.get("room")), [[0, "a"]]);
  });

  test("settles a repeated id with its first outcome in any topic", async ({ store, open, append, sink, rig }) => {
    if (rig.outcomesByTopic) return;
    for (const topic of ["room", "other"]) await open(topic);
    store.begin(SESSION);
    await append(entry("a", { id: 1 }));
    assertEquals(await append(entry("a", { id: 1, topic: "other" })), [{
      offset: 0,
    }]);
    assertEquals(sink.logs.get("other"), undefined);
  });

  test("stores the same id of two sessions twice, and every entry without an id", async ({ store, open, append }) => {
    await open("room");
    for (const session of [SESSION, OTHER]) store.begin(session);
    const outcomes = await append(
      entry("a", { id: 1 }),
      entry("b", { id: 1, session: OTHER }),
      entry("c"),
      entry("c"),
    );
    assertEquals(outcomes, [0, 1, 2, 3].map((offset) => ({ offset })));
  });

  test("answers indeterminate for an unknown id below the highest", async ({ store, open, append, sink }) => {
    await open("room");
    store.begin(SESSION);
    await append(entry("a", { id: 7 }));
    const [outcome] = await append(entry("b", { id: 3 }));
    assert(outcome !== undefined && "code" in outcome);
    assertEquals(outcome.code, "indeterminate");
    assertEquals(sink.logs.get("room")?.size, 1);
  });

  test("keeps the outcomes of a session's last 256 publishes", async ({ store, open, append }) => {
    await open("room");
    store.begin(SESSION);
    for (let id = 0; id <= 256; id++) await append(entry("x", { id }));
    const [dropped, kept, last] = await append(
      ...[0, 1, 256].map((id) => entry("x", { id })),
    );
    assert(dropped !== undefined && "code" in dropped);
    assertEquals(dropped.code, "indeterminate");
    assertEquals([kept, last], [{ offset: 1 }, { offset: 256 }]);
  });

  test("rejects the claim of an unknown session", async ({ store }) => {
    assertEquals(await store.claim(SESSION), false);
  });

  test("accepts the claim of a session within its time to live, with its outcomes", async ({ store, open, append, advance }) => {
    await open("room");
    store.begin(SESSION);
    await append(entry("a", { id: 1 }));
    store.detach(SESSION);
    await advance(SESSION_MS - MARGIN_MS);
    assertEquals(await store.claim(SESSION), true);
    assertEquals(await append(entry("a", { id: 1 })), [{ offset: 0 }]);
  });

  test("forgets a session after its time to live", async ({ store, advance }) => {
    store.begin(SESSION);
    store.detach(SESSION);
    await advance(SESSION_MS);
    assertEquals(await store.claim(SESSION), false);
  });

  test("keeps a session while it has a connection", async ({ store, advance }) => {
    for (const session of [SESSION, OTHER]) store.begin(session);
    store.detach(SESSION);
    assertEquals(await store.claim(SESSION), true);
    await advance(SESSION_MS * 10);
    store.detach(OTHER);
    assertEquals(await store.claim(SESSION), true);
    assertEquals(await store.claim(OTHER), true);
  });

  test("counts the time to live from the last detach", async ({ store, advance }) => {
    store.begin(SESSION);
    for (let round = 0; round < 5; round++) {
      store.detach(SESSION);
      await advance(SESSION_MS - MARGIN_MS);
      assertEquals(await store.claim(SESSION), true);
    }
  });

  test("forgets each session after its own time", async ({ store, advance }) => {
    for (const session of [SESSION, OTHER]) store.begin(session);
    store.detach(SESSION);
    await advance(SESSION_MS / 3);
    store.detach(OTHER);
    await advance(SESSION_MS / 3);
    assertEquals(await store.claim(SESSION), true);
    store.detach(SESSION);
    await advance(SESSION_MS * 2 / 3 + 1);
    assertEquals(await store.claim(OTHER), false);
    assertEquals(await store.claim(SESSION), true);
  });

  test("ignores the detach of an unknown session", async ({ store }) => {
    store.detach(SESSION);
    assertEquals(await store.claim(SESSION), false);
  });

  testReopened(
    "keeps sessions and outcomes when it is opened again",
    async ({ store, open, append }) => {
      await open("room");
      store.begin(SESSION);
      await append(entry("a", { id: 4 }));
    },
    async ({ store, open, append, sink }) => {
      await open("room");
      assertEquals(await store.claim(SESSION), true);
      assertEquals(await store.claim(OTHER), false);
      assertEquals(await append(entry("again", { id: 4 })), [{ offset: 0 }]);
      assertEquals(sink.logs.size, 0);
    },
  );

  /** Returns the nth session. */
  const sessionOf = (n: number) => `${n}`.padStart(12, "S") + SESSION.slice(12);

  test("forgets the oldest sessions without a connection above the limit, and no session with one", async ({ store, rig, advance }) => {
    if (rig.sessions === undefined) return;
    store.begin(SESSION);
    for (let n = 0; n < SESSIONS + 5; n++) {
      store.begin(sessionOf(n));
      store.detach(sessionOf(n));
      await advance(1);
    }
    // A store may delete them a second or two later.
    await advance(2_000);
    const claimed: number[] = [];
    for (let n = 0; n < SESSIONS + 5; n++) {
      if (await store.claim(sessionOf(n))) claimed.push(n);
    }
    assertEquals(claimed, Array.from({ length: SESSIONS }, (_, n) => n + 5));
    assertEquals(await store.claim(SESSION), true);
  });
}
