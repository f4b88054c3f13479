import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  SqliteStore,
  type SqliteStoreOptions,
  StoreFileError,
} from "../../../adapters/sqlite/store.ts";
import type { HubOptions } from "../../../hub/hub.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  StoreSink,
} from "../../../hub/log/store.ts";
import { TextLineStream } from "../../examples/text_lines.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { type AnyFrame, InMemory, type TestPeer } from "../../hub/in_memory.ts";

const HOUR_MS = 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** Records that one step of the trimmer may delete. */
const STEP = 256;
const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";

/** A clock whose wall clock jumps when a test says so. */
class JumpyClock extends FakeClock {
  jumpedMs = 0;

  override time(): number {
    return super.time() + this.jumpedMs;
  }

  /** The clock of the process after this one, which starts `downMs` later. */
  next(downMs = 0): JumpyClock {
    const clock = new JumpyClock();
    clock.jumpedMs = this.time() + downMs - clock.time();
    return clock;
  }
}

/** What a store told. */
class Told implements StoreSink {
  readonly bounds = new Map<string, LogBounds>();
  readonly logs = new Map<string, Map<number, unknown>>();
  readonly outcomes: Outcome[] = [];
  readonly tails: number[] = [];
  readonly failures: unknown[] = [];

  opened(topic: string, bounds: LogBounds): void {
    this.bounds.set(topic, bounds);
  }

  committed(topic: string, offset: number, records: readonly LogRecord[]) {
    const log = this.logs.get(topic) ?? new Map();
    this.logs.set(topic, log);
    records.forEach(({ body }, i) => log.set(offset + i, body));
  }

  trimmed(_topic: string, tail: number): void {
    this.tails.push(tail);
  }

  settled(_entry: Entry, outcome: Outcome): void {
    this.outcomes.push(outcome);
  }

  claimed(): void {}

  failed(error: unknown): void {
    this.failures.push(error);
  }

  /** Offsets, or codes, that came since the last look. */
  take(): (number | string)[] {
    return this.outcomes.splice(0).map((outcome) =>
      "code" in outcome ? outcome.code : outcome.offset
    );
  }
}

/** A folder of its own for a test, gone after it. */
class Folder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync();
  readonly #open = new Set<SqliteStore>();
  clock: JumpyClock = new JumpyClock();

  get file(): string {
    return `${this.path}/drumbeat.sqlite`;
  }

  /** Opens the store in it. */
  open(options: SqliteStoreOptions = {}, file: string = this.file) {
    const store = new SqliteStore(file, this.clock, options);
    this.#open.add(store);
    const told = new Told();
    store.connect(told);
    return { store, told };
  }

  /** Closes a store; the clock is another process's from then on. */
  async close(store: SqliteStore, downMs = 0): Promise<void> {
    await store[Symbol.asyncDispose]();
    this.clock = this.clock.next(downMs);
  }

  /** What a crash at this moment would leave, as a file of its own. */
  crashed(): string {
    const copy = `${this.path}/${crypto.randomUUID()}.sqlite`;
    for (const end of ["", "-wal"]) {
      Deno.copyFileSync(this.file + end, copy + end);
    }
    this.clock = this.clock.next();
    return copy;
  }

  /** A hub on a store in it. */
  hub(options: HubOptions & { store?: SqliteStoreOptions } = {}) {
    const { store, ...rest } = options;
    const { sessionMs = 120_000 } = options;
    return new InMemory(
      this.clock,
      rest,
      (clock) => new SqliteStore(this.file, clock, { sessionMs, ...store }),
    );
  }

  /** Closes a hub; the clock is another process's from then on. */
  async stop(hub: InMemory): Promise<void> {
    await hub[Symbol.asyncDispose]();
    this.clock = this.clock.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store[Symbol.asyncDispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

const entry = (body: string, id?: number, topic = "room"): Entry => ({
  topic,
  record: new LogRecord("peer-a", 1_700_000_000_000, 0, body),
  ...(id === undefined ? {} : { session: SESSION, id }),
});

const entries = (count: number, size = 1): Entry[] =>
  Array.from({ length: count }, (_, n) => entry(`${n}`.padEnd(size, "x")));

const publish = (id: number, text = `${id}`) => ({
  type: "publish",
  id,
  topic: "room",
  message: { type: "chat", text },
});

/** The texts and gaps that came, in order, acknowledged until nothing comes any more. */
function heard(hub: InMemory, peer: TestPeer): unknown[] {
  const all: unknown[] = [];
  let frames = 0;
  for (;;) {
    hub.flush();
    const fresh = peer.read();
    const news = fresh.flatMap((frame: AnyFrame) => {
      if (frame.type === "gap") return [{ from: frame.from, to: frame.to }];
      if (frame.type !== "batch") return [];
      frames++;
      return frame.messages.map(({ message }: AnyFrame) => message.text);
    });
    all.push(...news);
    if (news.length === 0) return all;
    peer.send({ type: "ack", frames });
  }
}

const texts = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => `${from + n}`);

/** Every offset and body that the file has of a topic. */
function onDisk(store: SqliteStore, topic = "room"): [number, unknown][] {
  const { offset, records } = store.read(topic, 0, Infinity);
  return records.map(({ body }, i) => [offset + i, body]);
}

// A restart.

Deno.test("a restart keeps the epoch, the offsets, the records and the session: a client resumes as if nothing had been", async () => {
  await using folder = new Folder();
  const before = folder.hub();
  const { peer, start } = await before.greeted({ topics: { room: {} } });
  for (const id of [1, 2, 3]) peer.send(publish(id, `${id - 1}`));
  assertEquals(heard(before, peer), texts(3));
  peer.far.drop();
  before.hub.topic("room").publish({ type: "chat", text: "3" });
  before.flush();
  await folder.stop(before);
  await using after = folder.hub();
  const { epoch } = start.topics.room;
  const back = await after.greeted({
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
  assertEquals(heard(after, back.peer), ["2", "3", "4"]);
  assertEquals(after.hub.topic("room").bounds, { epoch, tail: 0, head: 5 });
});

Deno.test("after a restart a repeated publish gets its first offset, and one above is new", async () => {
  await using folder = new Folder();
  const before = folder.hub();
  const { peer, start } = await before.greeted({ topics: { room: {} } });
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

Deno.test("after a restart the last 256 outcomes of a session are known, and no others", async () => {
  await using folder = new Folder();
  const before = folder.open();
  before.store.open("room");
  before.store.begin(SESSION);
  for (let id = 1; id <= 300; id++) before.store.append([entry("x", id)]);
  await folder.close(before.store);
  const { store, told } = folder.open();
  store.open("room");
  assert(store.claim(SESSION));
  store.append([44, 45, 300, 301].map((id) => entry("again", id)));
  assertEquals(told.take(), ["indeterminate", 44, 299, 300]);
});

Deno.test("after a restart each session has its full time to live, whether it was held or not", async () => {
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

Deno.test("a session that nobody claims after a restart expires, and its outcomes with it", async () => {
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

Deno.test("of many sessions that expire at once a bounded number goes in a turn, and none is kept", async () => {
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

Deno.test("a topic that nobody uses any more keeps its epoch as long as it has records, and its row no longer", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open({ maxAgeMs: 10_000 });
  for (const topic of ["room", "empty", "used"]) store.open(topic);
  store.append([entry("a")]);
  for (const topic of ["room", "empty"]) store.forget(topic);
  const { epoch } = told.bounds.get("room")!;
  folder.clock.advance(5_000);
  store.open("room");
  assertEquals(told.bounds.get("room"), { epoch, tail: 0, head: 1 });
  store.forget("room");
  const used = told.bounds.get("used");
  folder.clock.advance(20_000);
  store.open("used");
  assertEquals(told.bounds.get("used"), used);
  store.open("room");
  assertNotEquals(told.bounds.get("room")!.epoch, epoch);
  store.forget("room");
  folder.clock.advance(20_000);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  assertEquals(
    file.prepare("SELECT name FROM topics").all().map(({ name }) => name),
    ["used"],
  );
});

// Below the ring.

Deno.test("records below the ring come from the file, in order, without a gap, before and after a restart", async () => {
  await using folder = new Folder();
  const options = { topics: { room: { maxRecords: 10 } } };
  const text = (n: number) => `${n}`;
  let hub = folder.hub(options);
  for (let n = 0; n < 500; n++) {
    hub.hub.topic("room").publish({ type: "chat", text: text(n) });
    if (n % 7 === 0) hub.flush();
  }
  hub.flush();
  assertEquals(hub.hub.stats().records, 10);
  const late = await hub.v1({ topics: { room: { last: 10_000 } } });
  assertEquals(heard(hub, late), texts(500));
  await folder.stop(hub);
  hub = folder.hub(options);
  await using _ = hub;
  const { epoch } = (await hub.greeted({ topics: { room: {} } })).start.topics
    .room;
  assertEquals(hub.hub.stats().records, 0);
  const back = await hub.v1({ topics: { room: { epoch, offset: 123 } } });
  hub.hub.topic("room").publish({ type: "chat", text: text(500) });
  assertEquals(heard(hub, back), texts(378, 123));
});

Deno.test("a cursor that catches up while others publish gets every record once, and in order", async () => {
  await using folder = new Folder();
  await using hub = folder.hub({
    topics: { room: { maxRecords: 5 } },
    limits: { windowBytes: 4_000 },
  });
  const pad = (n: number) => `${n}`.padEnd(400, "x");
  let next = 0;
  const more = (count: number) => {
    for (let n = 0; n < count; n++) {
      hub.hub.topic("room").publish({ type: "chat", text: pad(next++) });
    }
    hub.flush();
  };
  more(300);
  const slow = await hub.v1({ topics: { room: { last: 1_000 } } });
  const seen: string[] = [];
  let frames = 0;
  for (let round = 0; seen.length < next && round < 1_000; round++) {
    if (next < 600) more(3);
    for (const { type, messages } of slow.read()) {
      assertEquals(type, "batch");
      frames++;
      for (const { message } of messages) seen.push(message.text);
    }
    slow.send({ type: "ack", frames });
    hub.flush();
  }
  assertEquals(seen, Array.from({ length: next }, (_, n) => pad(n)));
});

Deno.test("the history of both sides reaches below the ring, after a restart as well, bytes included", async () => {
  await using folder = new Folder();
  const options = { topics: { room: { maxRecords: 2 } } };
  const before = folder.hub(options);
  for (let n = 0; n < 9; n++) {
    before.hub.topic("room").publish(
      n === 4 ? new Uint8Array([4]) : { type: "chat", text: `${n}` },
    );
    before.flush();
  }
  await folder.stop(before);
  await using hub = folder.hub(options);
  const mine = await hub.hub.topic("room").history({ from: 3, limit: 3 });
  assertEquals(mine.records.map(({ body }) => body), [
    '{"type":"chat","text":"3"}',
    new Uint8Array([4]),
    '{"type":"chat","text":"5"}',
  ]);
  assertEquals([mine.offset, mine.tail, mine.head], [3, 0, 9]);
  const peer = await hub.v1({ topics: {} });
  peer.send({ type: "history", id: 1, topic: "room", from: 4, limit: 2 });
  const [reply] = await peer.until("reply");
  assertEquals(
    reply.data.records.map(({ binary, message }: AnyFrame) =>
      binary ?? message.text
    ),
    ["BA==", "5"],
  );
});

// Trimming.

Deno.test("above its records a log is trimmed, a bounded step a turn, and its tail is told", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open({ maxRecords: 100 });
  store.open("room");
  store.append(entries(1_000));
  assertEquals(told.tails, []);
  for (let turn = 1; told.tails.at(-1) !== 900; turn++) {
    // One turn of the event loop: what it plans waits for the next.
    folder.clock.stop(0);
    assertEquals(told.tails.length, turn);
  }
  assertEquals(told.tails, [STEP, 2 * STEP, 3 * STEP, 900]);
  assertEquals(onDisk(store).map(([offset]) => offset)[0], 900);
  assertEquals(onDisk(store).length, 100);
  store.append(entries(1));
  folder.clock.advance(0);
  assertEquals(told.tails.at(-1), 901);
});

Deno.test("above its bytes a log is trimmed, a bounded step a turn", async () => {
  await using folder = new Folder();
  const [{ record }] = entries(1, 1_000) as [Entry];
  const { store, told } = folder.open({ maxBytes: 50 * record.bytes });
  store.open("room");
  store.append(entries(400, 1_000));
  folder.clock.advance(0);
  assertEquals(told.tails, [STEP, 350]);
  assertEquals(onDisk(store).length, 50);
});

Deno.test("above its age a log is trimmed, though nothing is published, a bounded step a turn", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open({ maxAgeMs: MINUTE_MS });
  store.open("room");
  store.append(entries(1_000));
  folder.clock.advance(MINUTE_MS - 2_000);
  store.append(entries(5));
  assertEquals(told.tails.filter((tail) => tail > 0), []);
  folder.clock.advance(4_000);
  const tails = told.tails.filter((tail, i) => tail !== told.tails[i - 1]);
  assertEquals(tails.slice(-4), [STEP, 2 * STEP, 3 * STEP, 1_000]);
  folder.clock.advance(MINUTE_MS);
  assertEquals([told.tails.at(-1), onDisk(store)], [1_005, []]);
});

Deno.test("age keeps up with 500 records a second", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open({ maxAgeMs: 5_000 });
  store.open("room");
  for (let second = 0; second < 20; second++) {
    store.append(entries(500));
    folder.clock.advance(1_000);
  }
  // The oldest 14 seconds are gone, give or take the one at the edge.
  assert(told.tails.at(-1)! >= 13 * 500, `only ${told.tails.at(-1)}`);
});

Deno.test("each log is trimmed by its own age, used or not", async () => {
  await using folder = new Folder();
  const { store } = folder.open({ maxAgeMs: MINUTE_MS });
  const topics = Array.from({ length: 20 }, (_, n) => `topic:${n}`);
  for (const topic of topics) {
    store.open(topic);
    store.append([entry("x", undefined, topic)]);
    if (topic.endsWith("1")) store.forget(topic);
  }
  folder.clock.advance(MINUTE_MS + 25_000);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  const { n } = file.prepare("SELECT count(*) AS n FROM records").get()!;
  assertEquals(n, 0);
});

Deno.test("what is trimmed stays trimmed after a restart, and a cursor below it is told", async () => {
  await using folder = new Folder();
  const options = {
    topics: { room: { maxRecords: 10 } },
    store: { maxRecords: 50 },
  };
  const before = folder.hub(options);
  for (let n = 0; n < 120; n++) {
    before.hub.topic("room").publish({ type: "chat", text: `${n}` });
  }
  before.flush();
  before.clock.advance(0);
  const { epoch } = before.hub.topic("room").bounds!;
  const there = await before.v1({ topics: { room: { epoch, offset: 20 } } });
  assertEquals(heard(before, there), [{ from: 20, to: 70 }, ...texts(50, 70)]);
  await folder.stop(before);
  await using after = folder.hub(options);
  const { peer, start } = await after.greeted({
    topics: { room: { epoch, offset: 20 } },
  });
  assertEquals(start.topics.room.recovered, false);
  assertEquals(heard(after, peer), [{ from: 20, to: 70 }, ...texts(50, 70)]);
});

Deno.test("a jump of the wall clock while the process runs trims nothing early and nothing late", async () => {
  for (const jump of [HOUR_MS, -HOUR_MS]) {
    await using folder = new Folder();
    const { store, told } = folder.open({ maxAgeMs: 10 * MINUTE_MS });
    store.open("room");
    store.append(entries(3));
    folder.clock.advance(MINUTE_MS);
    folder.clock.jumpedMs += jump;
    folder.clock.advance(8 * MINUTE_MS);
    store.append(entries(1));
    assertEquals([told.tails.at(-1), onDisk(store).length], [0, 4]);
    folder.clock.advance(2 * MINUTE_MS);
    assertEquals([told.tails.at(-1), onDisk(store).length], [3, 1]);
  }
});

Deno.test("a wall clock that went back between two runs trims nothing early and nothing late", async () => {
  await using folder = new Folder();
  const before = folder.open({ maxAgeMs: 10 * MINUTE_MS });
  before.store.open("room");
  before.store.append(entries(3));
  folder.clock.advance(5 * MINUTE_MS);
  await folder.close(before.store, -HOUR_MS);
  const { store, told } = folder.open({ maxAgeMs: 10 * MINUTE_MS });
  store.open("room");
  folder.clock.advance(4 * MINUTE_MS);
  assertEquals(told.tails.at(-1), 0);
  folder.clock.advance(2 * MINUTE_MS);
  assertEquals(told.tails.at(-1), 3);
});

Deno.test("the time between two runs counts as age, a wall clock gone wild as a day at most", async () => {
  for (
    const [downMs, maxAgeMs, tail] of [
      [HOUR_MS, 30 * MINUTE_MS, 3],
      [HOUR_MS, 2 * HOUR_MS, 0],
      [9_999 * 24 * HOUR_MS, 25 * HOUR_MS, 0],
      [9_999 * 24 * HOUR_MS, 23 * HOUR_MS, 3],
    ] as const
  ) {
    await using folder = new Folder();
    const before = folder.open({ maxAgeMs });
    before.store.open("room");
    before.store.append(entries(3));
    await folder.close(before.store, downMs);
    const { store, told } = folder.open({ maxAgeMs });
    store.open("room");
    folder.clock.advance(5_000);
    assertEquals(told.tails.at(-1), tail, `${downMs} ${maxAgeMs}`);
  }
});

Deno.test("a jump of the wall clock ends no session early, and none late", async () => {
  for (const jump of [HOUR_MS, -HOUR_MS]) {
    await using folder = new Folder();
    const { store } = folder.open({ sessionMs: 10_000 });
    store.begin(SESSION);
    store.detach(SESSION);
    folder.clock.jumpedMs += jump;
    folder.clock.advance(9_999);
    assert(store.claim(SESSION));
    store.detach(SESSION);
    folder.clock.jumpedMs -= 2 * jump;
    folder.clock.advance(10_000);
    assertEquals(store.claim(SESSION), false);
  }
});

// Files that are none.

/** Why a file cannot be opened: one line, or the test fails. */
function refusal(folder: Folder, file = folder.file): string {
  let thrown: unknown;
  try {
    folder.open({}, file);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof StoreFileError, `${thrown}`);
  assert(!thrown.message.includes("\n"), thrown.message);
  assert(thrown.message.includes(file), thrown.message);
  return thrown.message;
}

Deno.test("a file that is no database is refused in one line, and left as it is", async () => {
  await using folder = new Folder();
  const text = "Dear diary,\n".repeat(1_000);
  Deno.writeTextFileSync(folder.file, text);
  assertEquals(
    refusal(folder),
    `Cannot open the store '${folder.file}': file is not a database`,
  );
  assertEquals(Deno.readTextFileSync(folder.file), text);
});

Deno.test("a database of something else is refused in one line, and left as it is", async () => {
  for (const pragma of ["application_id = 7", "user_version = 0"]) {
    await using folder = new Folder();
    {
      using other = new DatabaseSync(folder.file);
      other.exec(`CREATE TABLE cats (name); PRAGMA ${pragma}`);
    }
    assertEquals(
      refusal(folder),
      `'${folder.file}' is a database of something else`,
    );
    using other = new DatabaseSync(folder.file);
    assertEquals(
      other.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) =>
        name
      ),
      ["cats"],
    );
  }
});

Deno.test("a store of a newer version is refused in one line, and left as it is", async () => {
  await using folder = new Folder();
  await folder.close(folder.open().store);
  {
    using file = new DatabaseSync(folder.file);
    file.exec("PRAGMA user_version = 99");
  }
  assertEquals(
    refusal(folder),
    `'${folder.file}' has version 99; this Drumbeat reads 1`,
  );
  {
    using file = new DatabaseSync(folder.file);
    file.exec("PRAGMA user_version = 1");
  }
  folder.open();
});

Deno.test("a store that is damaged is refused in one line, and held by nobody after it", async () => {
  const damages: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["all pages but the first", (bytes) => bytes.fill(0xaa, 4096)],
    ["the table of contents", (bytes) => bytes.fill(0xaa, 100, 4096)],
    ["cut off in the middle", (bytes) => bytes.subarray(0, 5_000)],
  ];
  for (const [what, damage] of damages) {
    await using folder = new Folder();
    const { store } = folder.open();
    store.open("room");
    store.append(entries(100, 1_000));
    await folder.close(store);
    const bytes = Deno.readFileSync(folder.file);
    Deno.writeFileSync(folder.file, damage(bytes.slice()));
    const line = refusal(folder);
    assert(line.startsWith("Cannot open the store"), `${what}: ${line}`);
    // Nothing of the failure is left: with its bytes back it opens.
    Deno.writeFileSync(folder.file, bytes);
    for (const end of ["-wal", "-shm"]) {
      try {
        Deno.removeSync(folder.file + end);
      } catch {
        // Not there.
      }
    }
    assertEquals(onDisk(folder.open().store).length, 100);
  }
});

Deno.test("a folder, and a file in a folder that is not there, are refused in one line", async () => {
  await using folder = new Folder();
  for (const file of [folder.path, `${folder.path}/no/such/store`]) {
    assert(refusal(folder, file).startsWith("Cannot open the store"));
  }
});

Deno.test("an empty file becomes a store", async () => {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.file, "");
  const { store, told } = folder.open();
  store.open("room");
  assertEquals(told.bounds.get("room")!.head, 0);
});

Deno.test("a file that this process has open already is refused; closed, it is free", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open();
  const line = `The store '${folder.file}' is in use by another process`;
  assertEquals(refusal(folder), line);
  store.open("room");
  store.append(entries(1));
  assertEquals(told.take(), [0]);
  await folder.close(store);
  folder.open();
});

/** A process of its own that has a store and publishes into it, as fast as it can. */
class Publisher implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  epoch = "";
  head = 0;
  /** Offsets that it was told, by id. */
  readonly acked = new Map<number, number>();

  constructor(file: string, options: SqliteStoreOptions, firstId: number) {
    const at = (path: string) =>
      new URL(`../../../${path}`, import.meta.url).href;
    const given = JSON.stringify([file, options, SESSION, firstId]);
    const program = `
      import { SqliteStore } from "${at("adapters/sqlite/store.ts")}";
      import { WebClock } from "${at("adapters/clock_web.ts")}";
      import { LogRecord } from "${at("hub/log/record.ts")}";
      const [file, options, session, firstId] = ${given};
      const encoder = new TextEncoder();
      const say = (line) => Deno.stdout.writeSync(encoder.encode(line + "\\n"));
      const store = new SqliteStore(file, new WebClock(), options);
      let id = firstId;
      store.connect({
        opened: (_, { epoch, head }) => say(epoch + " " + head),
        committed() {},
        trimmed() {},
        settled: (entry, outcome) => say(entry.id + " " + outcome.offset),
        claimed() {},
        failed(error) { throw error; },
      });
      store.open("room");
      store.claim(session) || store.begin(session);
      const go = () => {
        const entries = Array.from({ length: 5 }, () => ({
          topic: "room", session, id,
          record: new LogRecord("peer-a", 1, 0, "publish " + id++),
        }));
        store.append(entries);
        setTimeout(go);
      };
      go();
      const stdin = Deno.stdin.readable.getReader();
      await stdin.read();
      await store[Symbol.asyncDispose]();
      Deno.exit(0);
    `;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
  }

  /** Resolves when it was told so many offsets. */
  async until(count: number): Promise<void> {
    if (this.epoch === "") {
      const { value = "" } = await this.#lines.next();
      const [epoch = "", head] = value.split(" ");
      [this.epoch, this.head] = [epoch, Number(head)];
    }
    while (this.acked.size < count) {
      if (!await this.#one()) throw new Error("It ended");
    }
  }

  async #one(): Promise<boolean> {
    const { value, done } = await this.#lines.next();
    if (done) return false;
    const line = /^(\d+) (\d+)$/.exec(value);
    // A line that was cut off by the kill was not told.
    if (line !== null) this.acked.set(Number(line[1]), Number(line[2]));
    return true;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  /** Asks it to end as it should. */
  async stop(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new Uint8Array([10]));
    writer.releaseLock();
    await this.#end();
  }

  async #end(): Promise<void> {
    while (await this.#one());
    await this.#child.status;
    try {
      await this.#child.stdin.close();
    } catch {
      // It is gone.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
      await this.#end();
    } catch {
      // It has ended.
    }
  }
}

Deno.test("a file that another process has is refused in one line; when that one is killed, it is free", async () => {
  await using folder = new Folder();
  await using other = new Publisher(folder.file, {}, 1);
  await other.until(1);
  assertEquals(
    refusal(folder),
    `The store '${folder.file}' is in use by another process`,
  );
  await other.kill();
  folder.open();
});

/** What the file has must be what was told, and what was told must be in the file. */
function assertKept(
  folder: Folder,
  { acked, epoch }: Publisher,
): { epoch: string; head: number; store: SqliteStore; told: Told } {
  const { store, told } = folder.open();
  store.open("room");
  const bodies = new Map(onDisk(store));
  for (const [id, offset] of acked) {
    assertEquals(bodies.get(offset), `publish ${id}`);
  }
  const { head, ...bounds } = told.bounds.get("room")!;
  assertEquals(bodies.size, head);
  assertEquals(bounds, { epoch: bounds.epoch, tail: 0 });
  assert(acked.size > 0 && epoch !== "");
  return { epoch: bounds.epoch, head, store, told };
}

Deno.test("full durability: kill -9, again and again, keeps the epoch and every acknowledged record, once", async () => {
  await using folder = new Folder();
  let [id, epoch] = [1, ""];
  for (let round = 0; round < 3; round++) {
    await using publisher = new Publisher(folder.file, {}, id);
    await publisher.until(100 + round * 37);
    await publisher.kill();
    const kept = assertKept(folder, publisher);
    assertEquals(kept.epoch, publisher.epoch);
    if (round > 0) assertEquals(kept.epoch, epoch);
    epoch = kept.epoch;
    // What it had no answer for is sent again, and stored once.
    assert(kept.store.claim(SESSION));
    const ids = [...publisher.acked.keys()].slice(-200);
    const last = Math.max(...ids);
    kept.store.append(ids.map((id) => entry("again", id)));
    assertEquals(kept.told.take(), ids.map((id) => publisher.acked.get(id)!));
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

Deno.test("relaxed durability: kill -9 loses nothing that was acknowledged, and begins a new epoch", async () => {
  await using folder = new Folder();
  const options = { durability: "relaxed" } as const;
  await using publisher = new Publisher(folder.file, options, 1);
  await publisher.until(100);
  await publisher.kill();
  const { epoch } = assertKept(folder, publisher);
  assertNotEquals(epoch, publisher.epoch);
});

Deno.test("relaxed durability: ended as it should, the epoch goes on", async () => {
  await using folder = new Folder();
  const options = { durability: "relaxed" } as const;
  await using publisher = new Publisher(folder.file, options, 1);
  await publisher.until(10);
  await publisher.stop();
  assertEquals(assertKept(folder, publisher).epoch, publisher.epoch);
});

Deno.test("a crash begins a new epoch in every log after a relaxed run, once, and in none after a full one", async () => {
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
        const [was, is] = [before, first].map(({ told }) =>
          told.bounds.get(topic)!
        );
        assertEquals(was!.epoch === is!.epoch, durability === "full");
      }
      assertEquals(first.told.bounds.get("a")!.head, 1);
      await folder.close(first.store);
      const second = folder.open({}, image);
      second.store.open("a");
      assertEquals(
        second.told.bounds.get("a"),
        first.told.bounds.get("a"),
      );
    }
  }
});

Deno.test("whatever moment a crash comes at, what was settled is in the file, and nothing else was told", async () => {
  await using folder = new Folder();
  const { store, told } = folder.open();
  store.open("room");
  store.begin(SESSION);
  const images: [string, number][] = [];
  const settled = told.settled.bind(told);
  told.settled = (entry, outcome) => {
    settled(entry, outcome);
    if (told.outcomes.length % 3 === 0) {
      images.push([folder.crashed(), told.outcomes.length]);
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
    const { head } = after.told.bounds.get("room")!;
    assert(head >= count && head <= count + 1);
    after.store.append(
      Array.from({ length: count }, (_, n) => entry("again", n + 1)),
    );
    assertEquals(
      after.told.take(),
      Array.from({ length: count }, (_, n) => n),
    );
  }
});

// A disk that fails.

/** Runs with the databases that are opened meanwhile in hand, and what they execute under control. */
function inHand<T>(
  run: (hand: {
    readonly files: Set<DatabaseSync>;
    /** Statements that fail; none by default. */
    fails: (sql: string) => boolean;
  }) => T,
): T {
  const hand = { files: new Set<DatabaseSync>(), fails: (_: string) => false };
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    hand.files.add(this);
    if (hand.fails(sql)) throw new Error("database or disk is full");
    exec.call(this, sql);
  };
  const restore = () => void (DatabaseSync.prototype.exec = exec);
  const result = run(hand);
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}

Deno.test("a commit that fails leaves no trace: no record, no outcome, no offset", () =>
  inHand(async (hand) => {
    await using folder = new Folder();
    const { store, told } = folder.open();
    store.open("room");
    store.begin(SESSION);
    store.append([entry("a", 1)]);
    hand.fails = (sql) => sql === "COMMIT";
    store.append([entry("b", 2), entry("c", 3, "other")]);
    store.append([entry("a", 1), entry("b", 2)]);
    assertEquals(told.take(), [
      0,
      "unavailable",
      "unavailable",
      0,
      "unavailable",
    ]);
    assertEquals([...told.logs.keys()], ["room"]);
    assertEquals(told.failures.length, 2);
    assertEquals(onDisk(store), [[0, "a"]]);
    hand.fails = () => false;
    store.append([entry("b", 2), entry("c", 3, "other")]);
    assertEquals(told.take(), [1, 0]);
    assertEquals(onDisk(store), [[0, "a"], [1, "b"]]);
    const image = folder.crashed();
    const after = folder.open({}, image);
    assertEquals(onDisk(after.store), [[0, "a"], [1, "b"]]);
    assertEquals(onDisk(after.store, "other"), [[0, "c"]]);
  }));

Deno.test("a log that was opened while the disk failed keeps the epoch that was told", () =>
  inHand(async (hand) => {
    await using folder = new Folder();
    const { store, told } = folder.open();
    folder.clock.advance(100);
    hand.fails = (sql) => sql === "COMMIT";
    store.open("room");
    store.append([entry("a")]);
    folder.clock.advance(100);
    hand.fails = (sql) => sql === "BEGIN";
    store.open("other");
    folder.clock.advance(100);
    hand.fails = () => false;
    store.append([entry("b"), entry("c", undefined, "other")]);
    assertEquals(told.take(), ["unavailable", 0, 0]);
    const epochs = ["room", "other"].map((topic) =>
      told.bounds.get(topic)!.epoch
    );
    await folder.close(store);
    const after = folder.open();
    for (const topic of ["room", "other"]) after.store.open(topic);
    assertEquals(
      ["room", "other"].map((topic) => after.told.bounds.get(topic)!.epoch),
      epochs,
    );
  }));

Deno.test("a log that could not be read when it was opened is told anew when it can", () =>
  inHand(async (hand) => {
    await using folder = new Folder();
    const before = folder.open();
    before.store.open("room");
    before.store.append(entries(3));
    const bounds = before.told.bounds.get("room")!;
    await folder.close(before.store);
    const { store, told } = folder.open();
    hand.fails = (sql) => sql === "BEGIN";
    store.open("room");
    assertNotEquals(told.bounds.get("room")!.epoch, bounds.epoch);
    hand.fails = () => false;
    store.append([entry("d")]);
    assertEquals(told.take(), [3]);
    assertEquals(told.bounds.get("room"), {
      epoch: bounds.epoch,
      tail: 0,
      head: 3,
    });
    assertEquals([...told.logs.get("room")!], [[3, "d"]]);
  }));

Deno.test("sessions that came and went while the disk failed are kept, and expire", () =>
  inHand(async (hand) => {
    await using folder = new Folder();
    const { store } = folder.open({ sessionMs: 10_000 });
    store.open("room");
    const gone = SESSION.replaceAll("A", "C");
    store.begin(gone);
    folder.clock.advance(100);
    hand.fails = (sql) => sql === "COMMIT";
    store.begin(SESSION);
    store.detach(gone);
    store.append([entry("a")]);
    folder.clock.advance(100);
    assert(store.claim(SESSION));
    // Not even a transaction can be begun: a session is known all the same.
    const back = SESSION.replaceAll("A", "E");
    hand.fails = () => false;
    store.begin(back);
    store.detach(back);
    folder.clock.advance(100);
    hand.fails = (sql) => sql === "BEGIN";
    assert(store.claim(back));
    hand.fails = () => false;
    folder.clock.advance(2_000);
    const image = folder.crashed();
    const { store: after } = folder.open({ sessionMs: 10_000 }, image);
    assert(after.claim(SESSION));
    folder.clock.advance(10_000);
    assertEquals(after.claim(gone), false);
    // Where it is held it has not expired.
    assert(store.claim(back));
  }));

Deno.test("a statement that fails for want of space undoes all that waited with it, and nothing is half there", () =>
  inHand(async (hand) => {
    await using folder = new Folder();
    const { store, told } = folder.open();
    store.open("room");
    store.append([entry("a")]);
    const [file] = hand.files;
    const limit = (pages: number) =>
      file!.exec(`PRAGMA max_page_count = ${pages}`);
    const { page_count } = file!.prepare("PRAGMA page_count").get() as {
      page_count: number;
    };
    limit(page_count);
    const session = (n: number) => `${n}`.padStart(12, "0") + SESSION.slice(12);
    for (let n = 0; told.failures.length === 0; n++) store.begin(session(n));
    // Nobody may think that the transaction is still open, when SQLite has ended it.
    limit(100_000);
    store.append([entry("b"), entry("c")]);
    assertEquals(told.take(), [0, 1, 2]);
    limit(page_count);
    const refused: Entry[] = [];
    for (let n = 0; refused.length < 3; n++) {
      const one = entry(`${n}`.padEnd(1_000, "x"));
      store.append([one]);
      const [outcome] = told.take();
      if (outcome === "unavailable") refused.push(one);
    }
    const kept = [...told.logs.get("room")!];
    assertEquals(onDisk(store), kept);
    limit(100_000);
    store.append(refused);
    assertEquals(told.take(), [0, 1, 2].map((n) => kept.length + n));
    assertEquals(onDisk(store), [...told.logs.get("room")!]);
    await folder.close(store);
    const after = folder.open();
    assertEquals(onDisk(after.store), [...told.logs.get("room")!]);
    assert(after.store.claim(session(0)));
  }));

/** A small disk of its own, where this process may mount one. */
class SmallDisk implements Disposable {
  readonly path: string = Deno.makeTempDirSync();

  static #mount(...args: string[]): boolean {
    try {
      return new Deno.Command("mount", { args, stderr: "null" }).outputSync()
        .success;
    } catch {
      return false;
    }
  }

  /** Whether there can be one here. */
  static get isPossible(): boolean {
    const path = Deno.makeTempDirSync();
    const isMounted = SmallDisk.#mount("-t", "tmpfs", "tmpfs", path);
    if (isMounted) new Deno.Command("umount", { args: [path] }).outputSync();
    Deno.removeSync(path);
    return isMounted;
  }

  constructor(kibibytes: number) {
    const size = `size=${kibibytes}k`;
    assert(SmallDisk.#mount("-t", "tmpfs", "-o", size, "tmpfs", this.path));
  }

  resize(kibibytes: number): void {
    assert(SmallDisk.#mount("-o", `remount,size=${kibibytes}k`, this.path));
  }

  [Symbol.dispose](): void {
    // Lazily: a test that failed has its files open still.
    new Deno.Command("umount", { args: ["-l", this.path] }).outputSync();
    Deno.removeSync(this.path);
  }
}

Deno.test({
  name:
    "a full disk: publishers get unavailable, what is committed still flows, and with space again all goes on",
  ignore: !SmallDisk.isPossible,
  async fn() {
    using disk = new SmallDisk(600);
    const file = `${disk.path}/drumbeat.sqlite`;
    const clock = new JumpyClock();
    const make = (clock: FakeClock) =>
      new InMemory(
        clock,
        { topics: { room: { maxRecords: 3 } } },
        (clock) => new SqliteStore(file, clock),
      );
    const hub = make(clock);
    const { peer, start } = await hub.greeted({ topics: {} });
    const text = (id: number) => `${id}`.padEnd(3_000, "x");
    const acked: [number, number][] = [];
    let failedId = 0;
    for (let id = 1; failedId === 0; id++) {
      peer.send(publish(id, text(id)));
      hub.flush();
      for (const { type, id, offset, code } of peer.read()) {
        if (type === "ack") acked.push([id, offset]);
        else {
          assertEquals(code, "unavailable");
          failedId = id;
        }
      }
    }
    assert(acked.length > 20);
    assert(hub.errors.every(({ stage }) => stage === "store"));
    // What is committed flows, from below the ring as well, to who comes only now.
    const late = await hub.v1({ topics: { room: { last: 1_000 } } });
    assertEquals(heard(hub, late), acked.map(([id]) => text(id)));
    // A session is resumed, though nothing can be written.
    peer.far.drop();
    clock.advance(5_000);
    const back = await hub.greeted({ session: start.session, topics: {} });
    assertEquals(back.start.resumed, true);
    back.peer.send(publish(failedId, text(failedId)));
    hub.flush();
    assertEquals(back.peer.readType("error").map(({ code }) => code), [
      "unavailable",
    ]);
    disk.resize(4_000);
    back.peer.send(publish(failedId, text(failedId)));
    back.peer.send(publish(failedId + 1, text(failedId + 1)));
    hub.flush();
    const acks = back.peer.readType("ack");
    assertEquals(acks.map(({ id, offset }) => [id, offset]), [
      [failedId, acked.length],
      [failedId + 1, acked.length + 1],
    ]);
    assertEquals(heard(hub, late), [text(failedId), text(failedId + 1)]);
    const { epoch } = hub.hub.topic("room").bounds!;
    await hub[Symbol.asyncDispose]();
    await using after = make(clock.next());
    const all = await after.greeted({
      session: start.session,
      topics: { room: { epoch, offset: 0 } },
    });
    assertEquals([all.start.resumed, all.start.topics.room.recovered], [
      true,
      true,
    ]);
    assertEquals(
      heard(after, all.peer),
      texts(failedId + 1, 1).map((n) => n.padEnd(3_000, "x")),
    );
  },
});
