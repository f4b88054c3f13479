import { assertEquals, assertThrows } from "@std/assert";
import { LogRecord } from "../../hub/log/record.ts";
import type { StoreSink } from "../../hub/log/store.ts";
import { FakeClock } from "../hub/fake_clock.ts";
import { MemoryStore } from "../../adapters/store_memory.ts";
import { DeepStore } from "../hub/deep_store.ts";
import { inMemory } from "../hub/in_memory.ts";
import { storeConformance } from "./store_conformance.ts";

const SILENT: StoreSink = {
  opened() {},
  committed() {},
  trimmed() {},
  settled() {},
  claimed() {},
  failed() {},
};

storeConformance("MemoryStore", ({ clock, sessionMs, sessions }) => ({
  store: new MemoryStore(clock, { sessionMs, sessions }),
  sessions,
}));

storeConformance(
  "DeepStore",
  ({ clock, sessionMs, sessions }) => ({
    store: new DeepStore(clock, { sessionMs, sessions }),
    sessions,
  }),
);

Deno.test("MemoryStore begins a new log with a new epoch after a topic was forgotten", () => {
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

Deno.test("MemoryStore works without a sink", async () => {
  const store = new MemoryStore(new FakeClock());
  store.open("room");
  const record = new LogRecord("a", 0, 0, "{}");
  store.append([{ topic: "room", record }]);
  await store[Symbol.asyncDispose]();
});

Deno.test("MemoryStore rejects unknown options and wrong values", () => {
  const clock = new FakeClock();
  assertThrows(
    () => new MemoryStore(clock, { session: 1 } as object),
    TypeError,
    "Cannot make the store: unknown option 'session' (did you mean 'sessions'?)",
  );
  assertThrows(
    () => new MemoryStore(clock, { sessionMs: -1 }),
    RangeError,
    "Cannot make the store: the option 'sessionMs' must be a number of at least 0, not -1",
  );
});

Deno.test("MemoryStore forgets expired sessions when it is swept, without another client", () => {
  let now = 0;
  const clock = Object.create(new FakeClock(), { now: { value: () => now } });
  const store = new MemoryStore(clock, { sessionMs: 1_000 });
  for (const session of ["swept", "kept"]) {
    store.begin(session);
    store.detach(session);
    now += 500;
  }
  store.sweep();
  now = 1_200;
  store.sweep();
  // At this time both could be resumed, if both were in memory.
  now = 0;
  assertEquals([store.claim("swept"), store.claim("kept")], [false, true]);
});

Deno.test("the hub sweeps its store at each tick of the heartbeat", async () => {
  let sweeps = 0;
  await using hub = inMemory({}, (clock, settings) => {
    const store = new MemoryStore(clock, settings);
    store.sweep = () => {
      sweeps++;
    };
    return store;
  });
  (await hub.v1()).far.close(1000);
  sweeps = 0;
  hub.clock.advance(10_000);
  assertEquals(sweeps, 10);
});
