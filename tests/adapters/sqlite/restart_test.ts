import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  entry,
  Folder,
  MINUTE_MS,
  publish,
  received,
  SESSION,
  texts,
} from "./folder.ts";

Deno.test("keeps epochs, offsets, records and sessions over a restart, so that a client resumes", async () => {
  await using folder = new Folder();
  const before = folder.hub();
  const { peer, start } = await before.start({ topics: { room: {} } });
  for (const id of [1, 2, 3]) peer.send(publish(id, `${id - 1}`));
  assertEquals(received(before, peer), texts(3));
  peer.far.drop();
  before.hub.topic("room").publish({ type: "chat", text: "3" });
  before.flush();
  await folder.stop(before);
  await using after = folder.hub();
  const { epoch } = start.topics.room;
  const back = await after.start({
    session: start.session,
    topics: { room: { epoch, offset: 2 } },
  });
  assertEquals([back.start.resumed, back.start.peer], [true, start.peer]);
  assertEquals(back.start.topics.room, {
    epoch,
    offset: 2,
    recovered: true,
    head: 4,
  });
  back.peer.send(publish(4, "4"));
  assertEquals(received(after, back.peer), ["2", "3", "4"]);
  assertEquals(after.hub.topic("room").bounds, { epoch, tail: 0, head: 5 });
});

Deno.test("answers a repeated publish with its first offset after a restart", async () => {
  await using folder = new Folder();
  const before = folder.hub();
  const { peer, start } = await before.start({ topics: { room: {} } });
  for (const id of [1, 5]) peer.send(publish(id));
  before.flush();
  await folder.stop(before);
  await using after = folder.hub();
  const back = await after.v1({
    session: start.session,
    topics: { room: {} },
  });
  for (const id of [1, 3, 5, 6]) back.send(publish(id, "again"));
  after.flush();
  const answers = back.read().filter(({ type }) => type !== "batch");
  assertEquals(answers.map(({ id, code, offset }) => [id, code ?? offset]), [
    [1, 0],
    [3, "indeterminate"],
    [5, 1],
    [6, 2],
  ]);
  assertEquals(after.hub.topic("room").bounds?.head, 3);
});

Deno.test("keeps the last 256 outcomes of a session over a restart", async () => {
  await using folder = new Folder();
  const before = folder.open();
  before.store.open("room");
  before.store.begin(SESSION);
  for (let id = 1; id <= 300; id++) before.store.append([entry("x", id)]);
  await folder.close(before.store);
  const { store, sink } = folder.open();
  store.open("room");
  assert(store.claim(SESSION));
  store.append([44, 45, 300, 301].map((id) => entry("again", id)));
  assertEquals(sink.take(), ["indeterminate", 44, 299, 300]);
});

Deno.test("gives each session its full time to live after a restart, with or without a connection before", async () => {
  await using folder = new Folder();
  const [held, left] = [SESSION, SESSION.replaceAll("A", "C")];
  const before = folder.open({ sessionMs: 10_000 });
  for (const session of [held, left]) before.store.begin(session);
  before.store.detach(left);
  folder.clock.advance(9_000);
  await folder.close(before.store, 5 * MINUTE_MS);
  const { store } = folder.open({ sessionMs: 10_000 });
  folder.clock.advance(9_999);
  assertEquals([store.claim(held), store.claim(left)], [true, true]);
  store.detach(left);
  folder.clock.advance(10_000);
  assertEquals([store.claim(held), store.claim(left)], [true, false]);
});

Deno.test("deletes a session that is not claimed after a restart, with its outcomes", async () => {
  await using folder = new Folder();
  const before = folder.open({ sessionMs: 10_000 });
  before.store.open("room");
  before.store.begin(SESSION);
  before.store.append([entry("a", 1)]);
  await folder.close(before.store);
  const { store } = folder.open({ sessionMs: 10_000 });
  folder.clock.advance(10_000);
  assertEquals(store.claim(SESSION), false);
  folder.clock.advance(2_000);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  for (const table of ["sessions", "outcomes"]) {
    const { n } = file.prepare(`SELECT count(*) AS n FROM ${table}`).get()!;
    assertEquals(n, 0, table);
  }
});

Deno.test("deletes sessions that expire together in bounded steps", async () => {
  await using folder = new Folder();
  const before = folder.open({ sessionMs: 1_000 });
  for (let n = 0; n < 500; n++) {
    before.store.begin(`${n}`.padStart(12, "0") + SESSION.slice(12));
  }
  await folder.close(before.store);
  const { store } = folder.open({ sessionMs: 1_000 });
  folder.clock.advance(3_000);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  const { n } = file.prepare("SELECT count(*) AS n FROM sessions").get()!;
  assertEquals(n, 0);
});

const HOUR_MS = 3_600_000;
/** An hour has 3,600 commits of the time: none of them needs to wait for the disk. */
const FAST = { durability: "relaxed" } as const;

Deno.test("keeps the epoch of an unused topic while it has records, and for an hour after its last use", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open({ maxAgeMs: 10_000, ...FAST });
  for (const topic of ["room", "empty", "used"]) store.open(topic);
  store.append([entry("a")]);
  for (const topic of ["room", "empty"]) store.forget(topic);
  const { epoch } = sink.bounds.get("room")!;
  folder.clock.advance(5_000);
  store.open("room");
  assertEquals(sink.bounds.get("room"), { epoch, tail: 0, head: 1 });
  store.forget("room");
  const used = sink.bounds.get("used");
  folder.clock.advance(20_000);
  store.open("used");
  assertEquals(sink.bounds.get("used"), used);
  // Its record has expired.
  store.open("room");
  assertEquals(sink.bounds.get("room"), { epoch, tail: 1, head: 1 });
  store.forget("room");
  folder.clock.advance(HOUR_MS + 20_000);
  store.open("room");
  assertNotEquals(sink.bounds.get("room")!.epoch, epoch);
  store.forget("room");
  folder.clock.advance(HOUR_MS + 20_000);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  assertEquals(
    file.prepare("SELECT name FROM topics").all().map(({ name }) => name),
    ["used"],
  );
});

Deno.test("a topic without records keeps its epoch through a restart, for clients that return within an hour", async () => {
  await using folder = new Folder();
  const first = folder.open(FAST);
  first.store.open("room");
  const { epoch } = first.sink.bounds.get("room")!;
  folder.clock.advance(HOUR_MS);
  await folder.close(first.store);
  const second = folder.open(FAST);
  folder.clock.advance(HOUR_MS - 20_000);
  second.store.open("room");
  assertEquals(second.sink.bounds.get("room"), { epoch, tail: 0, head: 0 });
  second.store.forget("room");
  await folder.close(second.store);
  const third = folder.open(FAST);
  folder.clock.advance(HOUR_MS + 20_000);
  third.store.open("room");
  assertNotEquals(third.sink.bounds.get("room")!.epoch, epoch);
  await folder.close(third.store);
});

Deno.test("a topic whose records expire between two runs keeps its epoch and its head for an hour after the start", async () => {
  await using folder = new Folder();
  const first = folder.open({ maxAgeMs: 10_000 });
  first.store.open("room");
  first.store.append([entry("a"), entry("b")]);
  const { epoch } = first.sink.bounds.get("room")!;
  await folder.close(first.store);
  folder.clock = folder.clock.next(6 * HOUR_MS);
  const second = folder.open({ maxAgeMs: 10_000 });
  folder.clock.advance(HOUR_MS - 20_000);
  second.store.open("room");
  assertEquals(second.sink.bounds.get("room"), { epoch, tail: 2, head: 2 });
  await folder.close(second.store);
});

Deno.test("opens a file of version 1, and keeps its logs", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open();
  store.open("room");
  store.append([entry("a")]);
  const bounds = sink.bounds.get("room")!;
  await folder.close(store);
  {
    using file = new DatabaseSync(folder.file);
    file.exec("ALTER TABLE topics DROP COLUMN used; PRAGMA user_version = 1");
  }
  const again = folder.open();
  again.store.open("room");
  assertEquals(again.sink.bounds.get("room"), { ...bounds, head: 1 });
  await folder.close(again.store);
});

Deno.test("a relaxed store marks the file as not closed before it stops to wait for the disk", async () => {
  await using folder = new Folder();
  const { exec } = DatabaseSync.prototype;
  const seen: unknown[] = [];
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql.includes("synchronous = OFF")) {
      seen.push(
        this.isTransaction,
        this.prepare("PRAGMA synchronous").get()!.synchronous,
        this.prepare("SELECT value FROM meta WHERE name = 'clean'").get()!
          .value,
      );
    }
    return exec.call(this, sql);
  };
  try {
    const { store } = folder.open({ durability: "relaxed" });
    const full = 2;
    assertEquals(seen, [false, full, 0]);
    await folder.close(store);
    await folder.close(folder.open({ durability: "full" }).store);
    assertEquals(seen.length, 3);
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
});

Deno.test("a resumed session that was never sent a direct message has no direct log in the file", async () => {
  await using folder = new Folder();
  const before = folder.hub();
  const quiet = await before.start();
  const other = await before.start();
  before.hub.peer(other.start.peer)!.send({ type: "note" });
  before.flush();
  quiet.peer.far.drop();
  other.peer.far.drop();
  await folder.stop(before);
  const after = folder.hub();
  const { session } = quiet.start;
  const back = await after.start({ session });
  assertEquals(back.start.resumed, true);
  assertEquals(Object.keys(back.start.topics), ["lobby"]);
  assertEquals(after.hub.stats().topics, 1);
  const otherBack = await after.start({ session: other.start.session });
  after.flush();
  assertEquals(otherBack.peer.readType("batch").length, 1);
  await folder.stop(after);
  const file = new DatabaseSync(folder.file, { readOnly: true });
  const names = file.prepare("SELECT name FROM topics ORDER BY name").all()
    .map(({ name }) => name);
  file.close();
  assertEquals(names, [`$peer/${other.start.peer}`, "lobby"]);
});
