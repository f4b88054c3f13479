import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  sqliteStore,
  SqliteWorkerStore,
  StoreFileError,
} from "../../../adapters/sqlite/store.ts";
import { createHub } from "../../../hub.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { StoreRecorder } from "../store_recorder.ts";
import { entries, entry, Folder } from "./folder.ts";

/** Opens the store of a folder, in a real worker. */
function open(
  folder: Folder,
): { store: SqliteWorkerStore; sink: StoreRecorder } {
  const store = new SqliteWorkerStore(folder.file, new FakeClock());
  const sink = new StoreRecorder();
  store.connect(sink);
  return { store, sink };
}

Deno.test("commits in a worker, and has the records and the epoch after it was closed and opened again", async () => {
  await using folder = new Folder();
  const before = open(folder);
  before.store.open("room");
  const given = entries(300);
  for (const one of given) before.store.append([one]);
  await before.store[Symbol.asyncDispose]();
  await before.store[Symbol.asyncDispose]();
  assertEquals(
    given.map((one) => before.sink.outcomes.get(one)),
    given.map((_, offset) => ({ offset })),
  );
  const after = open(folder);
  after.store.open("room");
  await after.sink.until(() => after.sink.bounds.has("room"));
  assertEquals(after.sink.bounds.get("room"), {
    ...after.sink.bounds.get("room")!,
    epoch: before.sink.bounds.get("room")!.epoch,
    tail: 0,
    head: 300,
  });
  await after.store[Symbol.asyncDispose]();
});

Deno.test("gathers the appends of several turns while a commit is under way, and reads what was acknowledged", async () => {
  await using folder = new Folder();
  const { store, sink } = open(folder);
  store.open("room");
  const given = entries(50);
  for (const one of given) {
    store.append([one]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await sink.until(() => sink.outcomes.size > 0);
  const acknowledged = sink.outcomes.size;
  const { records } = await store.read("room", 0, Infinity);
  assert(records.length >= acknowledged);
  await store[Symbol.asyncDispose]();
  assertEquals(sink.outcomes.size, 50);
});

Deno.test("refuses a file that another store has, with the error of the file, before any worker starts", async () => {
  await using folder = new Folder();
  const { store, sink } = open(folder);
  const again = () => createHub({ store: sqliteStore(folder.file) });
  assertThrows(again, StoreFileError, "another process has it open");
  store.open("room");
  await sink.until(() => sink.bounds.has("room"));
  // The worker has the file now.
  assertThrows(again, StoreFileError, "another process has it open");
  await store[Symbol.asyncDispose]();
});

Deno.test("answers every request and reports one error after its worker has ended", async () => {
  await using folder = new Folder();
  const { Worker } = globalThis;
  let worker: Worker | undefined;
  globalThis.Worker = class extends Worker {
    constructor(url: URL | string, options?: WorkerOptions) {
      super(url, options);
      worker = this;
    }
  };
  const { store, sink } = open(folder);
  globalThis.Worker = Worker;
  store.open("room");
  await sink.until(() => sink.bounds.has("room"));
  assert(store.healthy);
  // The worker receives a message that it cannot handle, and then an append.
  worker!.postMessage(null);
  const [posted, gathered, late] = [entry("a"), entry("b"), entry("c")];
  store.append([posted]);
  await Promise.resolve();
  store.append([gathered]);
  const claim = assertRejects(() => store.claim("s"), Error);
  await sink.until(() => sink.failures.length > 0);
  await claim;
  store.append([late]);
  assertEquals(
    [posted, gathered, late].map((one) => {
      const outcome = sink.outcomes.get(one)!;
      return "code" in outcome ? outcome.code : outcome.offset;
    }),
    ["indeterminate", "unavailable", "unavailable"],
  );
  assertThrows(() => store.open("other"), Error, "has ended");
  assertThrows(() => store.begin("s"), Error, "has ended");
  assertEquals([store.healthy, sink.failures.length], [false, 1]);
  await store[Symbol.asyncDispose]();
});
