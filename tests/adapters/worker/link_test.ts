import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type {
  Ask,
  Packed,
  Port,
  Tell,
} from "../../../adapters/worker/messages.ts";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { hostStore, workerStore } from "../../../adapters/worker/store.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import { ringOf } from "../../../hub/log/ring.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  Store,
  StoreSink,
} from "../../../hub/log/store.ts";
import { DeepStore } from "../../hub/deep_store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { Workplace, type WorkplaceOptions } from "./worker_pair.ts";

/** One worker's sink: what its hub would know. */
class Desk implements StoreSink {
  readonly told: string[] = [];
  readonly bounds = new Map<string, LogBounds>();
  readonly logs = new Map<string, [offset: number, record: LogRecord][]>();
  readonly outcomes = new Map<Entry, Outcome>();
  readonly store: Store;
  #wake: (() => void) | undefined;

  constructor(store: Store) {
    this.store = store;
    store.connect(this);
  }

  opened(topic: string, bounds: LogBounds): void {
    this.bounds.set(topic, bounds);
    const runs = bounds.recent?.runs ?? [];
    this.logs.set(
      topic,
      runs.flatMap(({ offset, records }) =>
        records.map((record, i): [number, LogRecord] => [offset + i, record])
      ),
    );
    this.#hear(`opened ${topic}`);
  }

  committed(topic: string, offset: number, records: readonly LogRecord[]) {
    const log = this.logs.get(topic)!;
    records.forEach((record, i) => log.push([offset + i, record]));
    this.#hear(`committed ${topic}`);
  }

  trimmed(topic: string, tail: number): void {
    this.#hear(`trimmed ${topic} ${tail}`);
  }

  settled(entry: Entry, outcome: Outcome): void {
    this.outcomes.set(entry, outcome);
    this.#hear("settled");
  }

  claimed(session: string): void {
    this.#hear(`claimed ${session}`);
  }

  directMessage(topic: string): void {
    this.#hear(`directMessage ${topic}`);
  }

  failed(error: unknown): void {
    this.#hear(`failed ${error}`);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async open(topic: string): Promise<LogBounds> {
    this.store.open(topic);
    await this.until(() => this.bounds.has(topic));
    return this.bounds.get(topic)!;
  }

  async append(...entries: Entry[]): Promise<Outcome[]> {
    this.store.append(entries);
    await this.until(() => entries.every((entry) => this.outcomes.has(entry)));
    return entries.map((entry) => this.outcomes.get(entry)!);
  }

  /** The texts of a topic, by offset. */
  texts(topic: string): [number, unknown][] {
    return this.logs.get(topic)!.map(([offset, { body }]) => [offset, body]);
  }

  #hear(what: string): void {
    this.told.push(what);
    this.#wake?.();
  }
}

interface EntryOptions {
  readonly topic?: string;
  readonly session?: string;
  readonly id?: number;
  readonly key?: string;
}

function entry(body: string, options: EntryOptions = {}): Entry {
  const { topic = "room", session, id, key } = options;
  return {
    topic,
    record: new LogRecord("p", 0, 1_000, body, key),
    session,
    id,
  };
}

/** A host with a memory store, and a way to make workers. */
function place(
  options: WorkplaceOptions = {},
  make?: (clock: FakeClock) => Store,
) {
  const clock = new FakeClock();
  const store = make?.(clock) ??
    new MemoryStore(clock, { sessionMs: options.sessionMs ?? 120_000 });
  const workplace = new Workplace(store, clock, options);
  const desk = async () => new Desk(await workplace.worker());
  return { clock, workplace, desk };
}

Deno.test("two workers that race append in one order, and both are told every record once, at the same offsets", async () => {
  const { workplace, desk } = place();
  await using _place = workplace;
  const desks = [await desk(), await desk()];
  const [a, b] = desks as [Desk, Desk];
  const epochs = [(await a.open("room")).epoch, (await b.open("room")).epoch];
  assertEquals(epochs[0], epochs[1]);
  await Promise.all(desks.map(async (desk, who) => {
    for (let round = 0; round < 50; round++) {
      await desk.append(
        ...Array.from({ length: 10 }, (_, i) => entry(`${who} ${round} ${i}`)),
      );
    }
  }));
  await a.until(() => a.logs.get("room")!.length === 1_000);
  await b.until(() => b.logs.get("room")!.length === 1_000);
  assertEquals(a.texts("room"), b.texts("room"));
  assertEquals(
    a.texts("room").map(([offset]) => offset),
    Array.from({ length: 1_000 }, (_, i) => i),
  );
  for (const who of ["0", "1"]) {
    const own = a.texts("room").map(([, text]) => String(text))
      .filter((text) => text.startsWith(who));
    const sent = Array.from(
      { length: 50 },
      (_, round) =>
        Array.from({ length: 10 }, (_, i) => `${who} ${round} ${i}`),
    ).flat();
    assertEquals(own, sent);
  }
});

Deno.test("what a worker appended comes back to it as the very record, before it is settled", async () => {
  const { workplace, desk } = place();
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  const sent = entry("mine");
  await a.append(sent);
  assertStrictEquals(a.logs.get("room")![0]![1], sent.record);
  assertEquals(a.told, ["opened room", "committed room", "settled"]);
});

Deno.test("a topic travels to the workers that have it open, whatever its name, and to no other", async () => {
  const { workplace, desk } = place();
  await using _place = workplace;
  const [a, b] = [await desk(), await desk()];
  for (const topic of ["room", "$presence/room", "$hub"]) await a.open(topic);
  await b.open("$presence/room");
  await a.append(
    ...["room", "$presence/room", "$hub"].map((topic) => entry("x", { topic })),
  );
  await b.until(() => b.logs.get("$presence/room")!.length === 1);
  await workplace.arrived();
  assertEquals(b.told, ["opened $presence/room", "committed $presence/room"]);
  b.store.forget("$presence/room");
  await workplace.arrived();
  await a.append(entry("y", { topic: "$presence/room" }));
  await workplace.arrived();
  assertEquals(b.told.length, 2);
});

Deno.test("a worker that opens a topic late gets its newest records, and ages them as they are", async () => {
  const { workplace, desk, clock } = place({
    topics: { room: { maxRecords: 3 } },
  });
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  await a.append(...["1", "2", "3", "4", "5"].map((text) => entry(text)));
  clock.advance(500);
  const b = await desk();
  const { epoch, tail, head, recent } = await b.open("room");
  assertEquals([epoch, tail, head], [a.bounds.get("room")!.epoch, 2, 5]);
  assertEquals(recent?.tail, 2);
  assertEquals(b.texts("room"), [[2, "3"], [3, "4"], [4, "5"]]);
  assertEquals(b.logs.get("room")![0]![1].since, clock.now() - 500);
  const ring = ringOf(b.bounds.get("room")!, "gap");
  assertEquals([ring.tail, ring.head, ring.size], [2, 5, 3]);
});

Deno.test("in a topic that keeps the latest, a worker that comes late gets the newest of each key, and nothing is lost", async () => {
  const { workplace, desk } = place({ topics: { room: { lag: "latest" } } });
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  const keys = ["a", "b", "a", "c", "a"];
  await a.append(...keys.map((key, i) => entry(`${i}`, { key })));
  const b = await desk();
  await b.open("room");
  assertEquals(b.texts("room"), [[1, "1"], [3, "3"], [4, "4"]]);
  const ring = ringOf(b.bounds.get("room")!, "latest");
  assertEquals([ring.tail, ring.head, ring.size], [0, 5, 3]);
  assertEquals([ring.next(0), ring.next(2)], [1, 3]);
  // The handlers of the program hear of every record of their own, replaced or not.
  assertEquals(a.logs.get("room")!.length, 5);
});

Deno.test("a session goes on at the worker that claims it: the other is told, and cannot end it any more", async () => {
  const { workplace, desk, clock } = place({ sessionMs: 1_000 });
  await using _place = workplace;
  const [a, b] = [await desk(), await desk()];
  await a.open("room");
  a.store.begin("s");
  assertEquals(await a.append(entry("x", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  assertEquals(await b.store.claim("s"), true);
  await a.until(() => a.told.includes("claimed s"));
  a.store.detach("s");
  await workplace.arrived();
  clock.advance(5_000);
  await b.open("room");
  assertEquals(await b.append(entry("x", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  assertEquals(await b.store.claim("s"), true);
  assertEquals(b.told.filter((what) => what.startsWith("claimed")), []);
});

Deno.test("a worker that dies lets go of its sessions and topics: for their time, another one has them", async () => {
  const { workplace, desk, clock } = place({ sessionMs: 1_000 });
  await using _place = workplace;
  const a = await desk();
  const before = await a.open("room");
  for (const session of ["s", "t"]) a.store.begin(session);
  await a.append(entry("kept", { session: "s", id: 1 }));
  workplace.kill(a.store);
  clock.advance(999);
  const b = await desk();
  assertEquals(await b.store.claim("s"), true);
  const { epoch, head } = await b.open("room");
  assertEquals([epoch, head], [before.epoch, 1]);
  assertEquals(b.texts("room"), [[0, "kept"]]);
  assertEquals(await b.append(entry("kept", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  clock.advance(1);
  assertEquals(await b.store.claim("t"), false);
});

Deno.test("a topic that no worker has is forgotten when its records and its peers' sessions are too old", async () => {
  const { workplace, desk, clock } = place({
    sessionMs: 15_000,
    topics: { room: { maxAgeMs: 5_000 } },
  });
  await using _place = workplace;
  const a = await desk();
  const { epoch } = await a.open("room");
  a.store.forget("room");
  await workplace.arrived();
  clock.advance(14_000);
  a.bounds.clear();
  assertEquals((await a.open("room")).epoch, epoch);
  a.store.forget("room");
  await workplace.arrived();
  clock.advance(30_000);
  a.bounds.clear();
  assert((await a.open("room")).epoch !== epoch);
});

Deno.test("every worker is told of a record in a peer's own log, so that the one that has the peer can open it", async () => {
  const { workplace, desk } = place();
  await using _place = workplace;
  const [a, b] = [await desk(), await desk()];
  await a.open("$peer/x");
  await a.append(
    entry("1", { topic: "$peer/x" }),
    entry("2", { topic: "$peer/x" }),
  );
  await b.until(() => b.told.length > 0);
  assertEquals(b.told, ["directMessage $peer/x"]);
  await b.open("$peer/x");
  assertEquals(b.texts("$peer/x"), [[0, "1"], [1, "2"]]);
});

Deno.test("a store that reads is read through the port, and what it trims is told", async () => {
  let deep: DeepStore | undefined;
  const { workplace, desk } = place({}, (clock) => deep = new DeepStore(clock));
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  await a.append(entry("1"), entry("2"), entry("3"));
  const found = await a.store.read!("room", 1, 1e6);
  assertEquals(found.offset, 1);
  assertEquals(found.records.map(({ body }) => body), ["2", "3"]);
  deep!.trim("room", 2);
  await a.until(() => a.told.includes("trimmed room 2"));
  const b = await desk();
  assertEquals((await b.open("room")).tail, 0, "the ring has them still");
  deep!.failure = new Error("the disk is gone");
  await assertRejects(
    async () => await a.store.read!("room", 0, 1e6),
    Error,
    "the disk is gone",
  );
});

Deno.test("a store that throws at an append settles it as unavailable", async () => {
  let deep: DeepStore | undefined;
  const { workplace, desk } = place({}, (clock) => deep = new DeepStore(clock));
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  deep!.appendFailure = new Error("full");
  const [outcome] = await a.append(entry("1"));
  assert(outcome !== undefined && "code" in outcome);
  assertEquals(outcome.code, "unavailable");
  assertEquals(workplace.errors.map(String), ["Error: full"]);
  assertEquals(await a.append(entry("2")), [{ offset: 0 }]);
});

Deno.test("closing a worker's store waits until all that it appended is settled", async () => {
  const { workplace, desk } = place();
  await using _place = workplace;
  const a = await desk();
  await a.open("room");
  const last = entry("last words");
  a.store.append([last]);
  await a.store[Symbol.asyncDispose]();
  assertEquals(a.outcomes.get(last), { offset: 0 });
});

Deno.test("when the host ends, nothing is left without an answer", async () => {
  const { workplace, desk } = place();
  const a = await desk();
  await a.open("room");
  await workplace[Symbol.asyncDispose]();
  await a.until(() => a.told.at(-1)!.startsWith("failed"));
  const [outcome] = await a.append(entry("late"));
  assert(outcome !== undefined && "code" in outcome);
  assertEquals(outcome.code, "unavailable");
  await assertRejects(async () => await a.store.claim("s"), Error, "ended");
  await a.store[Symbol.asyncDispose]();
});

/** The worker's side of a port in a test's hand. */
class HandPort implements Port {
  readonly tells: Tell[] = [];
  onmessage: ((event: MessageEvent) => void) | null = null;
  #wake: (() => void) | undefined;

  postMessage(message: unknown): void {
    this.tells.push(...message as Tell[]);
    this.#wake?.();
  }

  close(): void {}

  ask(...asks: Ask[]): void {
    this.onmessage?.(new MessageEvent("message", { data: asks }));
  }

  async until(holds: (tells: Tell[]) => boolean): Promise<void> {
    while (!holds(this.tells)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

Deno.test("a worker that takes nothing in costs a window, and has all there is when it goes on; no outcome overtakes its record", async () => {
  const { workplace, desk } = place({ topics: { room: { maxRecords: 5 } } });
  await using _place = workplace;
  const stuck = new HandPort();
  workplace.host.attach(stuck);
  stuck.ask(["open", "room"]);
  const a = await desk();
  await a.open("room");
  const large = "x".repeat(1024 * 1024);
  for (let i = 0; i < 20; i++) await a.append(entry(large));
  const own: Packed = ["p", 0, 0, "own"];
  stuck.ask(["append", [[7, "room", own]]]);
  await a.until(() => a.logs.get("room")!.length === 21);
  await workplace.arrived();
  const records = () =>
    stuck.tells.flatMap((tell) => tell[0] === "committed" ? tell[3] : []);
  assertLess(records().length, 10);
  assertEquals(stuck.tells.filter(([what]) => what === "settled"), []);
  stuck.ask(["taken", records().length * (large.length + 60)]);
  await stuck.until((tells) => tells.some(([what]) => what === "settled"));
  const [again, settled] = stuck.tells.slice(-2);
  assert(again?.[0] === "opened" && settled?.[0] === "settled");
  const [, tail, head, , runs] = again[2];
  assertEquals([tail, head], [20, 21]);
  assertEquals(runs.map(([offset, records]) => [offset, records.length]), [
    [20, 1],
  ]);
  assertEquals(settled, ["settled", 7, 20]);
});

Deno.test("a host that does not answer costs a bound: what is above it is refused at once", async () => {
  const silent = new HandPort();
  const connecting = workerStore(silent);
  const hello: Tell = ["hello", { reads: false, sessionMs: 1 }];
  silent.ask(hello as never);
  const store = (await connecting)(new FakeClock(), { sessionMs: 1 });
  const a = new Desk(store);
  const large = "x".repeat(1024 * 1024);
  const entries = Array.from({ length: 40 }, () => entry(large));
  store.append(entries);
  const outcomes = entries.map((entry) => a.outcomes.get(entry));
  assertEquals(outcomes.slice(0, 32), Array(32).fill(undefined));
  for (const outcome of outcomes.slice(33)) {
    assert(outcome !== undefined && "code" in outcome);
    assertEquals(outcome.code, "unavailable");
  }
});

Deno.test("a hub whose sessions live for another time than the host's is refused", async () => {
  await using host = hostStore({ sessionMs: 1_000 });
  const { port1, port2 } = new MessageChannel();
  const detach = host.attach(port1);
  const make = await workerStore(port2);
  const clock = new FakeClock();
  assertThrows(
    () => make(clock, { sessionMs: 2_000 }),
    RangeError,
    "The hub's 'sessionMs' is 2000 and the hosted store's 1000: give both the same",
  );
  detach();
  detach();
  port2.close();
});

Deno.test("a host that cannot make its store holds nothing", () => {
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
