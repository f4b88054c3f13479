import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { LogRecord } from "../../hub/log/record.ts";
import type { Entry, LogBounds, Outcome, Store } from "../../hub/log/store.ts";
import { FakeClock } from "../hub/fake_clock.ts";
import { bodies, StoreRecorder } from "./store_recorder.ts";

/** What a store under test is made with. */
export interface StoreSetting {
  readonly clock: FakeClock;
  /** How long a session lives after its connection, in ms. */
  readonly sessionMs: number;
  /** How many sessions may wait to be resumed. */
  readonly sessions: number;
}

/** A store under test. */
export interface StoreRig {
  readonly store: Store;
  /** How many sessions may wait to be resumed. Absent: what keeps them bounds them. */
  readonly sessions?: number;
  /** Closes the store and opens what it left: another process at the same file. Absent: nothing outlives the store. */
  reopen?(): Promise<Store>;
  /** Moves time on, where it is not the clock's alone. */
  advance?(ms: number): Promise<void>;
  /** Whether outcomes are kept for each topic: an id that is repeated to another one is another publish. */
  readonly outcomesByTopic?: boolean;
  /** Runs after the store was closed: removes what it left. */
  cleanUp?(): Promise<void>;
}

const SESSION_MS = 60_000;
/** What a store whose time is not the clock's alone may take for the test itself. */
const MARGIN_MS = 10_000;
const SESSIONS = 40;
const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";
const OTHER = "CCCCCCCCCCCC.DDDDDDDDDDDDDDDDDDDDDDDD";

interface EntryOptions {
  readonly topic?: string;
  readonly session?: string;
  readonly id?: number;
}

/** An entry, from a session where it has an id. */
function entry(
  body: string | Uint8Array<ArrayBuffer>,
  { topic = "room", id, session = id === undefined ? undefined : SESSION }:
    EntryOptions = {},
): Entry {
  const record = new LogRecord("AAAAAAAAAAAA", 1_700_000_000_000, 0, body);
  return { topic, record, session, id };
}

/**
 * What every implementation of the hub's Store port must do.
 *
 * @param name the implementation's name.
 * @param make makes an empty store.
 */
export function storeConformance(
  name: string,
  make: (setting: StoreSetting) => StoreRig | Promise<StoreRig>,
): void {
  interface Stage {
    readonly store: Store;
    readonly sink: StoreRecorder;
    readonly clock: FakeClock;
    readonly rig: StoreRig;
    /** Moves time on. */
    advance(ms: number): Promise<void>;
    /** Opens a topic and answers with its bounds. */
    open(topic: string): Promise<LogBounds>;
    /** Appends entries and answers with their outcomes. */
    append(...entries: readonly Entry[]): Promise<(Outcome | undefined)[]>;
  }

  function stageOf(store: Store, clock: FakeClock, rig: StoreRig): Stage {
    const sink = new StoreRecorder();
    store.connect(sink);
    return {
      store,
      sink,
      clock,
      rig,
      async advance(ms) {
        if (rig.advance === undefined) clock.advance(ms);
        else await rig.advance(ms);
      },
      async open(topic) {
        sink.bounds.delete(topic);
        store.open(topic);
        await sink.until(() => sink.bounds.has(topic));
        return sink.bounds.get(topic)!;
      },
      async append(...entries) {
        store.append(entries);
        await sink.until(() =>
          entries.every((entry) => sink.outcomes.has(entry))
        );
        return entries.map((entry) => sink.outcomes.get(entry));
      },
    };
  }

  function test(words: string, run: (stage: Stage) => Promise<void>): void {
    Deno.test(`${name} ${words}`, async () => {
      const clock = new FakeClock();
      const rig = await make({
        clock,
        sessionMs: SESSION_MS,
        sessions: SESSIONS,
      });
      try {
        await run(stageOf(rig.store, clock, rig));
      } finally {
        await rig.store[Symbol.asyncDispose]();
        await rig.cleanUp?.();
        clock.close();
      }
    });
  }

  /** Tests of what outlives the store; a store that nothing outlives has none. */
  function testReopened(
    words: string,
    before: (stage: Stage) => Promise<void>,
    after: (stage: Stage) => Promise<void>,
  ): void {
    test(words, async (stage) => {
      if (stage.rig.reopen === undefined) return;
      await before(stage);
      const store = await stage.rig.reopen();
      try {
        await after(stageOf(store, stage.clock, stage.rig));
      } finally {
        await store[Symbol.asyncDispose]();
      }
    });
  }

  test("opens a new log at offset 0, with an epoch", async ({ open }) => {
    const { epoch, tail, head } = await open("room");
    assertEquals([tail, head], [0, 0]);
    assert(epoch.length > 0);
  });

  test("gives each log an epoch of its own, and keeps it", async ({ open }) => {
    const [a, b] = [await open("a"), await open("b")];
    assertNotEquals(a.epoch, b.epoch);
    assertEquals(await open("a"), a);
  });

  test("opens a log that has any name", async ({ open, append }) => {
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

  test("commits what one append gathered, then settles each entry with its offset", async ({ open, append, sink }) => {
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

  test("keeps the record as it came: sender, time, text and bytes", async ({ open, append, sink }) => {
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

  test("takes an append of nothing", async ({ append, sink }) => {
    assertEquals(await append(), []);
    assertEquals(sink.failures, []);
  });

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

  test("settles a repeated id with its first outcome, to whatever topic it is repeated", async ({ store, open, append, sink, rig }) => {
    if (rig.outcomesByTopic) return;
    for (const topic of ["room", "other"]) await open(topic);
    store.begin(SESSION);
    await append(entry("a", { id: 1 }));
    assertEquals(await append(entry("a", { id: 1, topic: "other" })), [{
      offset: 0,
    }]);
    assertEquals(sink.logs.get("other"), undefined);
  });

  test("takes the same id of two sessions for two publishes, and none for none", async ({ store, open, append }) => {
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

  test("does not know the outcome of an id below the highest that it never saw", async ({ store, open, append, sink }) => {
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
    const [gone, kept, last] = await append(
      ...[0, 1, 256].map((id) => entry("x", { id })),
    );
    assert(gone !== undefined && "code" in gone);
    assertEquals(gone.code, "indeterminate");
    assertEquals([kept, last], [{ offset: 1 }, { offset: 256 }]);
  });

  test("gives no offset of an epoch twice, though the topic was released", async ({ store, open, append }) => {
    const before = await open("room");
    await append(entry("a"));
    store.forget("room");
    const after = await open("room");
    const head = after.epoch === before.epoch ? 1 : 0;
    assertEquals(after.head, head);
    assertEquals(await append(entry("b")), [{ offset: head }]);
  });

  test("takes the release of a topic that is not there", async ({ store, open }) => {
    store.forget("nowhere");
    assertEquals((await open("room")).head, 0);
  });

  test("does not let claim a session that it does not know", async ({ store }) => {
    assertEquals(await store.claim(SESSION), false);
  });

  test("lets a session be claimed within its time to live, with its outcomes", async ({ store, open, append, advance }) => {
    await open("room");
    store.begin(SESSION);
    await append(entry("a", { id: 1 }));
    store.detach(SESSION);
    await advance(SESSION_MS - MARGIN_MS);
    assertEquals(await store.claim(SESSION), true);
    assertEquals(await append(entry("a", { id: 1 })), [{ offset: 0 }]);
  });

  test("forgets a session when its time to live is over", async ({ store, advance }) => {
    store.begin(SESSION);
    store.detach(SESSION);
    await advance(SESSION_MS);
    assertEquals(await store.claim(SESSION), false);
  });

  test("keeps a session for as long as a connection holds it", async ({ store, advance }) => {
    for (const session of [SESSION, OTHER]) store.begin(session);
    store.detach(SESSION);
    assertEquals(await store.claim(SESSION), true);
    await advance(SESSION_MS * 10);
    store.detach(OTHER);
    assertEquals(await store.claim(SESSION), true);
    assertEquals(await store.claim(OTHER), true);
  });

  test("counts the time to live from the last leave", async ({ store, advance }) => {
    store.begin(SESSION);
    for (let round = 0; round < 5; round++) {
      store.detach(SESSION);
      await advance(SESSION_MS - MARGIN_MS);
      assertEquals(await store.claim(SESSION), true);
    }
  });

  test("forgets each session by its own time", async ({ store, advance }) => {
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

  test("takes the leave of a session that it does not know", async ({ store }) => {
    store.detach(SESSION);
    assertEquals(await store.claim(SESSION), false);
  });

  test("reads what it keeps, from an offset on, at least one record", async ({ store, open, append }) => {
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

  testReopened(
    "has its logs again when it is opened again: epochs, heads and records",
    async ({ open, append, sink }) => {
      await open("room");
      await append(entry("a"), entry("b"));
      epochs.set(name, sink.bounds.get("room")!.epoch);
    },
    async ({ open, append, store }) => {
      assertEquals(await open("room"), {
        epoch: epochs.get(name)!,
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

  testReopened(
    "has its sessions again when it is opened again, with their outcomes",
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

  /** A session's secret. */
  const sessionOf = (n: number) => `${n}`.padStart(12, "S") + SESSION.slice(12);

  test("keeps so many sessions that wait; the oldest of more are forgotten, those that are held are not", async ({ store, clock, rig }) => {
    if (rig.sessions === undefined) return;
    store.begin(SESSION);
    for (let n = 0; n < SESSIONS + 5; n++) {
      store.begin(sessionOf(n));
      store.detach(sessionOf(n));
      clock.advance(1);
    }
    // A store may take a second or two.
    clock.advance(2_000);
    const known: number[] = [];
    for (let n = 0; n < SESSIONS + 5; n++) {
      if (await store.claim(sessionOf(n))) known.push(n);
    }
    assertEquals(known, Array.from({ length: SESSIONS }, (_, n) => n + 5));
    assertEquals(await store.claim(SESSION), true);
  });
}

/** Epochs that tests of what outlives a store carry over. */
const epochs = new Map<string, string>();
