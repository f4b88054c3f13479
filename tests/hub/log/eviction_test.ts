import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Eviction } from "../../../hub/log/eviction.ts";
import { Log } from "../../../hub/log/log.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import { RECORD_MEMORY_BYTES } from "../../../hub/log/ring.ts";
import { inMemory } from "../in_memory.ts";

/** The memory of a record of {@linkcode recordOf}. */
const RECORD_BYTES = 1_000;

/** Creates a record that takes {@linkcode RECORD_BYTES} of memory. */
function recordOf(): LogRecord {
  const empty = new LogRecord("peer-a", 0, 0, "");
  const length = RECORD_BYTES - RECORD_MEMORY_BYTES - empty.bytes;
  return new LogRecord("peer-a", 0, 0, "x".repeat(length));
}

/** A log, and the address that created its topic. */
interface Case {
  readonly log: Log;
  readonly address: string | undefined;
}

function caseOf(address?: string): Case {
  const log = new Log("gap", false);
  log.open({ epoch: "e", tail: 0, head: 0 });
  return { log, address };
}

function append(
  eviction: Eviction,
  { log, address }: Case,
  count = 1,
): void {
  log.ring.append(Array.from({ length: count }, recordOf));
  eviction.count(log, address);
}

Deno.test("evicts the oldest records of the largest logs, so that all of them have the same size", () => {
  const limits = { recordBytes: 80_000, recordBytesPerAddress: 1e9 };
  const eviction = new Eviction(limits);
  const cases = [5, 30, 44].map((count) => {
    const one = caseOf();
    append(eviction, one, count);
    return one;
  });
  assertEquals(eviction.evicted, 0);
  append(eviction, cases[0]!, 2);
  // Seven eighths of the bound are 70 records: 7 of the smallest log, and 31 or 32 of each other one.
  assertEquals(cases.map(({ log }) => log.ring.size), [7, 30, 33]);
  assertEquals(cases.map(({ log }) => log.ring.tail), [0, 0, 11]);
  assertEquals(eviction.evicted, 11);
});

Deno.test("the bound of an address evicts from the logs of this address only", () => {
  const limits = { recordBytes: 1e9, recordBytesPerAddress: 16_000 };
  const eviction = new Eviction(limits);
  const large = caseOf();
  append(eviction, large, 100);
  const other = caseOf("192.0.2.2");
  append(eviction, other, 16);
  const own = [caseOf("192.0.2.1"), caseOf("192.0.2.1")];
  append(eviction, own[0]!, 13);
  append(eviction, own[1]!, 4);
  const sizes = [large, other, ...own].map(({ log }) => log.ring.size);
  assertEquals(sizes, [100, 16, 10, 4]);
});

Deno.test("a log that is forgotten, and one that is replaced, are counted no longer", () => {
  const limits = { recordBytes: 10_000, recordBytesPerAddress: 10_000 };
  const eviction = new Eviction(limits);
  const first = caseOf("192.0.2.1");
  append(eviction, first, 10);
  eviction.forget(first.log);
  const second = caseOf("192.0.2.1");
  append(eviction, second, 10);
  second.log.open({ epoch: "f", tail: 0, head: 0 });
  eviction.count(second.log, second.address);
  append(eviction, caseOf("192.0.2.1"), 10);
  assertEquals(eviction.evicted, 0);
});

Deno.test("all logs stay within the bounds, whatever is appended", () => {
  const appends = fc.array(
    fc.record({
      log: fc.nat(7),
      count: fc.nat(40),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(appends, (steps) => {
    const limits = { recordBytes: 50_000, recordBytesPerAddress: 30_000 };
    const eviction = new Eviction(limits);
    const cases = Array.from(
      { length: 8 },
      (_, n) => caseOf(n < 6 ? `192.0.2.${n % 2}` : undefined),
    );
    for (const { log, count } of steps) {
      append(eviction, cases[log]!, count);
      const sum = (all: readonly Case[]) =>
        all.reduce((bytes, { log }) => bytes + log.ring.memoryBytes, 0);
      assert(sum(cases) <= limits.recordBytes);
      for (const n of [0, 1]) {
        const own = cases.filter(({ address }) => address === `192.0.2.${n}`);
        assert(sum(own) <= limits.recordBytesPerAddress);
      }
    }
  }));
});

Deno.test("one address with many topics stays within limits.recordBytesPerAddress, and the topics of others keep their records", async () => {
  const limits = { recordBytesPerAddress: 1_000_000, bytesPerSecond: 1e9 };
  await using hub = inMemory({ limits });
  hub.hub.topic("news").publish({ type: "news" });
  const peer = await hub.v1();
  const payload = new Uint8Array(10_000);
  for (let id = 1; id <= 200; id++) {
    peer.sendBinary({ type: "publish", id, topic: `${id % 40}` }, payload);
    hub.flush();
  }
  const { recordBytes, records, evicted } = hub.hub.stats();
  assert(recordBytes <= 1_000_000, `${recordBytes}`);
  assertEquals(records + evicted, 201);
  assertEquals(hub.hub.topic("news").bounds, {
    ...hub.hub.topic("news").bounds!,
    tail: 0,
    head: 1,
  });
});

Deno.test("a reader of an evicted log receives a gap, and continues", async () => {
  await using hub = inMemory({ limits: { recordBytes: 20_000 } });
  const topic = hub.hub.topic("room");
  const publish = (n: number) => {
    topic.publish({ type: "a", n, text: "x".repeat(1_000) });
    hub.flush();
  };
  for (let n = 0; n < 50; n++) publish(n);
  const { epoch, tail } = topic.bounds!;
  const peer = await hub.v1({ topics: { room: { epoch, offset: 5 } } });
  hub.flush();
  const frames = peer.read();
  assertEquals(frames.find(({ type }) => type === "gap"), {
    type: "gap",
    topic: "room",
    from: 5,
    to: tail,
  });
  assertEquals(
    frames.find(({ type }) => type === "batch").messages[0].message.n,
    tail,
  );
});
