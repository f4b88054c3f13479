import { assert, assertEquals, assertLess } from "@std/assert";
import type { PackedRecord } from "../../../adapters/worker/messages.ts";
import { connected, entry, startHost, TestPort } from "./test_worker.ts";

Deno.test("sends a hanging worker a window of records at most, then the newest ones, and no outcome before its record", async () => {
  const { rig, worker } = startHost({ topics: { room: { maxRecords: 5 } } });
  await using _ = rig;
  const stuck = new TestPort();
  rig.host.attach(stuck);
  stuck.receive(["open", "room"]);
  const a = await worker();
  await a.open("room");
  const large = "x".repeat(1024 * 1024);
  for (let i = 0; i < 20; i++) await a.append(entry(large));
  const own: PackedRecord = ["p", 0, 0, "own"];
  stuck.receive(["append", [[7, "room", own]]]);
  await a.until(() => a.logs.get("room")!.length === 21);
  await rig.handled();
  const records = () =>
    stuck.events.flatMap((event) => event[0] === "committed" ? event[3] : []);
  assertLess(records().length, 10);
  assertEquals(stuck.events.filter(([what]) => what === "settled"), []);
  stuck.receive(["received", records().length * (large.length + 60)]);
  await stuck.until((events) => events.some(([what]) => what === "settled"));
  const [again, settled] = stuck.events.slice(-2);
  assert(again?.[0] === "opened" && settled?.[0] === "settled");
  const [, tail, head, , runs] = again[2];
  assertEquals([tail, head], [20, 21]);
  assertEquals(runs.map(([offset, records]) => [offset, records.length]), [
    [20, 1],
  ]);
  assertEquals(settled, ["settled", 7, 20]);
});

Deno.test("rejects an append at once when too many bytes wait for the host", async () => {
  const { worker } = await connected();
  const large = "x".repeat(1024 * 1024);
  const entries = Array.from({ length: 40 }, () => entry(large));
  worker.store.append(entries);
  const outcomes = entries.map((entry) => worker.outcomes.get(entry));
  assertEquals(outcomes.slice(0, 32), Array(32).fill(undefined));
  for (const outcome of outcomes.slice(33)) {
    assert(outcome !== undefined && "code" in outcome);
    assertEquals(outcome.code, "unavailable");
  }
});
