import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Entry } from "../../../hub/log/store.ts";
import { entries, entry, Folder, onDisk, SESSION } from "./folder.ts";

/** The control of the databases that a test opens. */
interface Control {
  readonly files: Set<DatabaseSync>;
  /** The error that a statement fails with; by default none fails. */
  failure: (sql: string) => string | undefined;
}

/** Runs a test with control of the databases that it opens. */
async function withControl(
  run: (control: Control) => Promise<void>,
): Promise<void> {
  const control: Control = { files: new Set(), failure: () => undefined };
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    control.files.add(this);
    const failure = control.failure(sql);
    if (failure !== undefined) throw new Error(failure);
    exec.call(this, sql);
  };
  try {
    await run(control);
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}

const FULL = "database or disk is full";

/** Lets one kind of statement fail. */
function failing(failed: string, failure = FULL): Control["failure"] {
  return (sql) => sql === failed ? failure : undefined;
}

Deno.test("stores no record, no outcome and no offset when a commit fails, and answers unavailable", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const { store, sink } = folder.open();
    store.open("room");
    store.begin(SESSION);
    store.append([entry("a", 1)]);
    control.failure = failing("COMMIT");
    store.append([entry("b", 2), entry("c", 3, "other")]);
    store.append([entry("a", 1), entry("b", 2)]);
    assertEquals(sink.take(), [
      0,
      "unavailable",
      "unavailable",
      0,
      "unavailable",
    ]);
    assertEquals([...sink.logs.keys()], ["room"]);
    assertEquals(sink.failures.length, 2);
    assertEquals(onDisk(store), [[0, "a"]]);
    control.failure = () => undefined;
    store.append([entry("b", 2), entry("c", 3, "other")]);
    assertEquals(sink.take(), [1, 0]);
    assertEquals(onDisk(store), [[0, "a"], [1, "b"]]);
    const image = folder.crashed();
    const after = folder.open({}, image);
    assertEquals(onDisk(after.store), [[0, "a"], [1, "b"]]);
    assertEquals(onDisk(after.store, "other"), [[0, "c"]]);
  }));

Deno.test("answers indeterminate when the commit fails with an I/O error: a crash may bring the records back", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const { store, sink } = folder.open();
    store.open("room");
    store.begin(SESSION);
    store.append([entry("a", 1)]);
    control.failure = failing("COMMIT", "disk I/O error");
    store.append([entry("a", 1), entry("b", 2), entry("c")]);
    assertEquals(sink.take(), [0, 0, "indeterminate", "indeterminate"]);
    control.failure = failing("BEGIN", "disk I/O error");
    store.append([entry("b", 2), entry("c")]);
    assertEquals(sink.take(), ["unavailable", "unavailable"]);
    control.failure = () => undefined;
    store.append([entry("b", 2)]);
    assertEquals(sink.take(), [1]);
  }));

Deno.test("keeps the epoch that the hub was given of a log that was opened while the disk failed", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const { store, sink } = folder.open();
    folder.clock.advance(100);
    control.failure = failing("COMMIT");
    store.open("room");
    store.append([entry("a")]);
    folder.clock.advance(100);
    control.failure = failing("BEGIN");
    store.open("other");
    folder.clock.advance(100);
    control.failure = () => undefined;
    store.append([entry("b"), entry("c", undefined, "other")]);
    assertEquals(sink.take(), ["unavailable", 0, 0]);
    const epochs = ["room", "other"].map((topic) =>
      sink.bounds.get(topic)!.epoch
    );
    await folder.close(store);
    const after = folder.open();
    for (const topic of ["room", "other"]) after.store.open(topic);
    assertEquals(
      ["room", "other"].map((topic) => after.sink.bounds.get(topic)!.epoch),
      epochs,
    );
  }));

Deno.test("opens a log again that the disk failed to read when it was opened", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const before = folder.open();
    before.store.open("room");
    before.store.append(entries(3));
    const bounds = before.sink.bounds.get("room")!;
    await folder.close(before.store);
    const { store, sink } = folder.open();
    control.failure = failing("BEGIN");
    store.open("room");
    assertNotEquals(sink.bounds.get("room")!.epoch, bounds.epoch);
    control.failure = () => undefined;
    store.append([entry("d")]);
    assertEquals(sink.take(), [3]);
    assertEquals(sink.bounds.get("room"), {
      epoch: bounds.epoch,
      tail: 0,
      head: 3,
    });
    assertEquals([...sink.logs.get("room")!], [[3, "d"]]);
  }));

Deno.test("keeps and expires sessions that began or were detached while the disk failed", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const { store } = folder.open({ sessionMs: 10_000 });
    store.open("room");
    const expired = SESSION.replaceAll("A", "C");
    store.begin(expired);
    folder.clock.advance(100);
    control.failure = failing("COMMIT");
    store.begin(SESSION);
    store.detach(expired);
    store.append([entry("a")]);
    folder.clock.advance(100);
    assert(store.claim(SESSION));
    // Even without a transaction, the session is found.
    const back = SESSION.replaceAll("A", "E");
    control.failure = () => undefined;
    store.begin(back);
    store.detach(back);
    folder.clock.advance(100);
    control.failure = failing("BEGIN");
    assert(store.claim(back));
    control.failure = () => undefined;
    folder.clock.advance(2_000);
    const image = folder.crashed();
    const { store: after } = folder.open({ sessionMs: 10_000 }, image);
    assert(after.claim(SESSION));
    folder.clock.advance(10_000);
    assertEquals(after.claim(expired), false);
    // A session with a connection has not expired.
    assert(store.claim(back));
  }));

Deno.test("undoes every waiting write when a statement fails for lack of space", () =>
  withControl(async (control) => {
    await using folder = new Folder();
    const { store, sink } = folder.open();
    store.open("room");
    store.append([entry("a")]);
    const [file] = control.files;
    const limit = (pages: number) =>
      file!.exec(`PRAGMA max_page_count = ${pages}`);
    const { page_count } = file!.prepare("PRAGMA page_count").get() as {
      page_count: number;
    };
    limit(page_count);
    const session = (n: number) => `${n}`.padStart(12, "0") + SESSION.slice(12);
    for (let n = 0; sink.failures.length === 0; n++) store.begin(session(n));
    // The store must not take the transaction for open: SQLite has ended it.
    limit(100_000);
    store.append([entry("b"), entry("c")]);
    assertEquals(sink.take(), [0, 1, 2]);
    limit(page_count);
    const refused: Entry[] = [];
    for (let n = 0; refused.length < 3; n++) {
      const one = entry(`${n}`.padEnd(1_000, "x"));
      store.append([one]);
      const [outcome] = sink.take();
      if (outcome === "unavailable") refused.push(one);
    }
    const kept = [...sink.logs.get("room")!];
    assertEquals(onDisk(store), kept);
    limit(100_000);
    store.append(refused);
    assertEquals(sink.take(), [0, 1, 2].map((n) => kept.length + n));
    assertEquals(onDisk(store), [...sink.logs.get("room")!]);
    await folder.close(store);
    const after = folder.open();
    assertEquals(onDisk(after.store), [...sink.logs.get("room")!]);
    assert(after.store.claim(session(0)));
  }));
