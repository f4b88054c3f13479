import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { hostStore, workerStore } from "../../../adapters/worker/store.ts";
import { DeepStore } from "../../hub/deep_store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { connected, entry, startHost, TestPort } from "./test_worker.ts";

Deno.test("settles every append before a worker's store closes", async () => {
  const { rig, worker } = startHost();
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  const last = entry("last words");
  a.store.append([last]);
  await a.store[Symbol.asyncDispose]();
  assertEquals(a.outcomes.get(last), { offset: 0 });
});

Deno.test("answers every call after the host has ended", async () => {
  const { rig, worker } = startHost();
  const a = await worker();
  await a.open("room");
  await rig[Symbol.asyncDispose]();
  await a.until(() => a.calls.at(-1)!.startsWith("failed"));
  const [outcome] = await a.append(entry("late"));
  assert(outcome !== undefined && "code" in outcome);
  assertEquals(outcome.code, "unavailable");
  await assertRejects(async () => await a.store.claim("s"), Error, "ended");
  await a.store[Symbol.asyncDispose]();
});

Deno.test("answers indeterminate for an append that the host may have stored before it ended, and unavailable for one that was not posted", async () => {
  const { port, worker } = await connected();
  const [posted, unposted] = [entry("posted"), entry("unposted")];
  worker.store.append([posted]);
  await Promise.resolve();
  assertEquals(port.events.length, 1);
  worker.store.append([unposted]);
  port.receive(["closed"]);
  assertEquals(
    [posted, unposted].map((entry) => worker.outcomes.get(entry)),
    [
      {
        code: "indeterminate",
        message: "The log failed: it may contain the message",
      },
      { code: "unavailable", message: "Log cannot be written" },
    ],
  );
});

Deno.test("answers unavailable for an append that arrives while the host closes", async () => {
  const { rig } = startHost();
  const port = new TestPort();
  rig.host.attach(port);
  port.receive(["open", "room"]);
  const closing = rig[Symbol.asyncDispose]();
  port.receive(["append", [[7, "room", ["p", 0, 0, "late"]]]]);
  await closing;
  assertEquals(port.events.slice(-2), [
    ["rejected", 7, "unavailable", "Store is closed"],
    ["closed"],
  ]);
  assertEquals(rig.errors, []);
});

Deno.test("rejects unknown options of a host", () => {
  assertThrows(
    () => hostStore({ topic: {} } as object),
    TypeError,
    "Cannot host the store: unknown option 'topic' (did you mean 'topics'?)",
  );
});

Deno.test("answers indeterminate when the store throws at an append", async () => {
  let deep: DeepStore | undefined;
  const { rig, worker } = startHost({}, (clock) => deep = new DeepStore(clock));
  await using _ = rig;
  const a = await worker();
  await a.open("room");
  deep!.appendFailure = new Error("full");
  const [outcome] = await a.append(entry("1"));
  assert(outcome !== undefined && "code" in outcome);
  assertEquals(outcome.code, "indeterminate");
  assertEquals(rig.errors.map(String), ["Error: full"]);
  assertEquals(await a.append(entry("2")), [{ offset: 0 }]);
});

Deno.test("rejects a hub whose sessionMs differs from the host's", async () => {
  await using host = hostStore({ sessionMs: 1_000 });
  const { port1, port2 } = new MessageChannel();
  const detach = host.attach(port1);
  const make = await workerStore(port2);
  const clock = new FakeClock();
  assertThrows(
    () => make(clock, { sessionMs: 2_000, sessions: 1 }),
    RangeError,
    "Cannot connect to the hosted store: the hub's 'sessionMs' is 2000, the host's 1000",
  );
  detach();
  detach();
  port2.close();
});

Deno.test("holds nothing when the store cannot be made", () => {
  assertThrows(
    () =>
      hostStore({
        store: () => {
          throw new Error("no file");
        },
      }),
    Error,
    "no file",
  );
  assertThrows(() => hostStore({ topics: { room: { maxRecords: -1 } } }));
});
