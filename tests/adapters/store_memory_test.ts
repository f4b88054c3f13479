import { assertEquals } from "@std/assert";
import { LogRecord } from "../../hub/log/record.ts";
import type { StoreSink } from "../../hub/log/store.ts";
import { FakeClock } from "../hub/fake_clock.ts";
import { MemoryStore } from "../../adapters/store_memory.ts";
import { DeepStore } from "../hub/deep_store.ts";
import { storeConformance } from "./store_conformance.ts";

const SILENT: StoreSink = {
  opened() {},
  committed() {},
  trimmed() {},
  settled() {},
  claimed() {},
  failed() {},
};

storeConformance("the store in memory", ({ clock, sessionMs, sessions }) => ({
  store: new MemoryStore(clock, { sessionMs, sessions }),
  sessions,
}));

storeConformance(
  "the tests' store that reads",
  ({ clock, sessionMs, sessions }) => ({
    store: new DeepStore(clock, { sessionMs, sessions }),
    sessions,
  }),
);

Deno.test("the store in memory makes a new log, with a new epoch, of a topic that was released", () => {
  const store = new MemoryStore(new FakeClock());
  const epochs: string[] = [];
  store.connect({
    ...SILENT,
    opened: (_, { epoch, head }) => epochs.push(`${epoch} ${head}`),
  });
  store.open("room");
  store.forget("room");
  store.open("room");
  assertEquals(new Set(epochs).size, 2);
});

Deno.test("the store in memory without a sink keeps what it is told to itself", async () => {
  const store = new MemoryStore(new FakeClock());
  store.open("room");
  const record = new LogRecord("a", 0, 0, "{}");
  store.append([{ topic: "room", record }]);
  await store[Symbol.asyncDispose]();
});
