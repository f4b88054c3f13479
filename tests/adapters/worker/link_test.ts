import { assert, assertEquals, assertLess } from "@std/assert";
import type {
  HostRequest,
  PackedRecord,
} from "../../../adapters/worker/messages.ts";
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

Deno.test("posts one append at a time, and the next one with all that was gathered meanwhile, before the last one is delivered", async () => {
  const { port, worker } = await connected();
  /** The numbers of the entries of each append that was posted. */
  const posted = () =>
    (port.events as unknown as HostRequest[]).flatMap((request) =>
      request[0] === "append" ? [request[1].map(([number]) => number)] : []
    );
  for (let n = 0; n < 4; n++) {
    worker.store.append([entry(`${n}`)]);
    // The requests of a turn are posted in a microtask.
    await Promise.resolve();
  }
  assertEquals(posted(), [[0]]);
  // Other requests do not wait for the append.
  worker.store.begin("session");
  await Promise.resolve();
  assertEquals(port.events.at(-1)?.[0] as string, "begin");
  let atDelivery: unknown;
  const { settled } = worker;
  worker.settled = (...args) => {
    atDelivery ??= posted();
    settled.apply(worker, args);
  };
  port.receive(["committed", "room", 0, [0]], ["settled", 0, 0]);
  assertEquals(atDelivery, [[0], [1, 2, 3]]);
});
