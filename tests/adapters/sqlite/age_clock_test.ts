import { assert, assertEquals } from "@std/assert";
import {
  entries,
  Folder,
  HOUR_MS,
  MINUTE_MS,
  onDisk,
  SESSION,
} from "./folder.ts";

Deno.test("trims at the right time when the wall clock jumps while the process runs", async () => {
  for (const jump of [HOUR_MS, -HOUR_MS]) {
    await using folder = new Folder();
    const { store, sink } = folder.open({ maxAgeMs: 10 * MINUTE_MS });
    store.open("room");
    store.append(entries(3));
    folder.clock.advance(MINUTE_MS);
    folder.clock.jumpedMs += jump;
    folder.clock.advance(8 * MINUTE_MS);
    store.append(entries(1));
    assertEquals([sink.tails.at(-1), onDisk(store).length], [0, 4]);
    folder.clock.advance(2 * MINUTE_MS);
    assertEquals([sink.tails.at(-1), onDisk(store).length], [3, 1]);
  }
});

Deno.test("trims at the right time when the wall clock was set back between two processes", async () => {
  await using folder = new Folder();
  const before = folder.open({ maxAgeMs: 10 * MINUTE_MS });
  before.store.open("room");
  before.store.append(entries(3));
  folder.clock.advance(5 * MINUTE_MS);
  await folder.close(before.store, -HOUR_MS);
  const { store, sink } = folder.open({ maxAgeMs: 10 * MINUTE_MS });
  store.open("room");
  folder.clock.advance(4 * MINUTE_MS);
  assertEquals(sink.tails.at(-1), 0);
  folder.clock.advance(2 * MINUTE_MS);
  assertEquals(sink.tails.at(-1), 3);
});

Deno.test("counts the time between two processes as age, at most a day of it", async () => {
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
    const { store, sink } = folder.open({ maxAgeMs });
    store.open("room");
    folder.clock.advance(5_000);
    assertEquals(sink.tails.at(-1), tail, `${downMs} ${maxAgeMs}`);
  }
});

Deno.test("expires a session at the right time when the wall clock jumps", async () => {
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
