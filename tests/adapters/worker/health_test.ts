import { assertEquals } from "@std/assert";
import { DeepStore } from "../../hub/deep_store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { HostRig } from "./host_rig.ts";
import { entry, TestWorker } from "./test_worker.ts";

Deno.test("workers learn when the hosted store fails and when it works again", async () => {
  const clock = new FakeClock();
  const store = new DeepStore(clock);
  await using rig = new HostRig(store, clock);
  const a = new TestWorker(await rig.worker());
  await a.open("room");
  assertEquals(a.store.healthy, true);
  store.healthy = false;
  store.sink.failed(new Error("no connection"));
  await a.until(() => a.calls.includes("fails"));
  assertEquals(a.store.healthy, false);
  // A worker that starts meanwhile.
  const b = new TestWorker(await rig.worker());
  await b.until(() => b.calls.includes("fails"));
  assertEquals(b.store.healthy, false);
  store.healthy = true;
  await a.append(entry("back"));
  await a.until(() => a.calls.includes("works"));
  await b.until(() => b.calls.includes("works"));
  assertEquals([a.store.healthy, b.store.healthy], [true, true]);
  assertEquals(rig.errors.length, 1);
  // The host reports the error: the workers receive the state only.
  assertEquals(a.calls.filter((call) => call.startsWith("failed")), []);
});
