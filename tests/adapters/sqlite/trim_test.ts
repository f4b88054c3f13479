import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Entry } from "../../../hub/log/store.ts";
import {
  entries,
  entry,
  Folder,
  MINUTE_MS,
  onDisk,
  received,
  texts,
} from "./folder.ts";

/** The records that one step of the trimmer deletes. */
const STEP = 256;

Deno.test("trims a log above its record count in bounded steps, and reports each tail", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open({ maxRecords: 100 });
  store.open("room");
  store.append(entries(1_000));
  assertEquals(sink.tails, []);
  for (let turn = 1; sink.tails.at(-1) !== 900; turn++) {
    // One turn of the event loop: what it schedules waits for the next.
    folder.clock.stop(0);
    assertEquals(sink.tails.length, turn);
  }
  assertEquals(sink.tails, [STEP, 2 * STEP, 3 * STEP, 900]);
  assertEquals(onDisk(store).map(([offset]) => offset)[0], 900);
  assertEquals(onDisk(store).length, 100);
  store.append(entries(1));
  folder.clock.advance(0);
  assertEquals(sink.tails.at(-1), 901);
});

Deno.test("trims a log above its bytes in bounded steps", async () => {
  await using folder = new Folder();
  const [{ record }] = entries(1, 1_000) as [Entry];
  const { store, sink } = folder.open({ maxBytes: 50 * record.bytes });
  store.open("room");
  store.append(entries(400, 1_000));
  folder.clock.advance(0);
  assertEquals(sink.tails, [STEP, 350]);
  assertEquals(onDisk(store).length, 50);
});

Deno.test("trims the largest log while all logs together are above their bytes", async () => {
  await using folder = new Folder();
  const [{ record }] = entries(1, 1_000) as [Entry];
  const { store, sink } = folder.open({ maxTotalBytes: 700 * record.bytes });
  store.open("room");
  store.open("small");
  store.append(entries(1_000, 1_000));
  store.append(
    Array.from(
      { length: 10 },
      () => entry("x".repeat(900), undefined, "small"),
    ),
  );
  folder.clock.advance(10_000);
  assertEquals(Math.max(...sink.tails), 2 * STEP);
  assertEquals(onDisk(store)[0]![0], 2 * STEP);
  assertEquals(onDisk(store).length, 1_000 - 2 * STEP);
  await folder.close(store);
  using file = new DatabaseSync(folder.file);
  const rows = file.prepare("SELECT name, tail FROM topics ORDER BY name")
    .all().map(({ name, tail }) => [name, tail]);
  assertEquals(rows, [["room", 2 * STEP], ["small", 0]]);
});

Deno.test("trims a log above its age in bounded steps, without a publish", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open({ maxAgeMs: MINUTE_MS });
  store.open("room");
  store.append(entries(1_000));
  folder.clock.advance(MINUTE_MS - 2_000);
  store.append(entries(5));
  assertEquals(sink.tails.filter((tail) => tail > 0), []);
  folder.clock.advance(4_000);
  const tails = sink.tails.filter((tail, i) => tail !== sink.tails[i - 1]);
  assertEquals(tails.slice(-4), [STEP, 2 * STEP, 3 * STEP, 1_000]);
  folder.clock.advance(MINUTE_MS);
  assertEquals([sink.tails.at(-1), onDisk(store)], [1_005, []]);
});

Deno.test("trims by age as fast as 500 records a second are published", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open({ maxAgeMs: 5_000 });
  store.open("room");
  for (let second = 0; second < 20; second++) {
    store.append(entries(500));
    folder.clock.advance(1_000);
  }
  // The oldest 14 seconds are trimmed; the one at the edge may not be.
  assert(sink.tails.at(-1)! >= 13 * 500, `only ${sink.tails.at(-1)}`);
});

Deno.test("trims each log by its own age, in use or not", async () => {
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

Deno.test("keeps the tail over a restart, and sends a gap to a cursor below it", async () => {
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
  assertEquals(received(before, there), [
    { from: 20, to: 70 },
    ...texts(50, 70),
  ]);
  await folder.stop(before);
  await using after = folder.hub(options);
  const { peer, start } = await after.start({
    topics: { room: { epoch, offset: 20 } },
  });
  assertEquals(start.topics.room.recovered, false);
  assertEquals(received(after, peer), [{ from: 20, to: 70 }, ...texts(50, 70)]);
});
