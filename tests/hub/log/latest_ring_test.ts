import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LatestRing } from "../../../hub/log/ring.ts";
import { LogRecord } from "../../../hub/log/record.ts";

const UNBOUNDED = { maxRecords: 1e9, maxBytes: 1e9, maxAgeMs: 1e9 };

function priced(key: string | undefined, text = "", since = 0): LogRecord {
  return new LogRecord("p", 0, since, JSON.stringify({ text }), key);
}

Deno.test("a record replaces the one with the same key, and the tail stays", () => {
  const ring = new LatestRing(10);
  const [a1, b1, a2] = [priced("a"), priced("b"), priced("a")];
  ring.append([a1, b1]);
  ring.append([a2]);
  assertEquals([ring.tail, ring.head, ring.size], [10, 13, 2]);
  assertEquals(ring.bytes, b1.bytes + a2.bytes);
  assertStrictEquals(ring.at(11), b1);
  assertStrictEquals(ring.at(12), a2);
  assertThrows(() => ring.at(10), RangeError, "No record at 10");
  assertThrows(() => ring.at(13), RangeError, "No record at 13");
});

Deno.test("an append replaces records of its own", () => {
  const ring = new LatestRing(0);
  ring.append([priced("a"), priced("a"), priced("a")]);
  assertEquals([ring.next(0), ring.head, ring.size], [2, 3, 1]);
});

Deno.test("a record without a key replaces no record and is not replaced", () => {
  const ring = new LatestRing(0);
  ring.append([priced(undefined), priced(undefined)]);
  assertEquals(ring.size, 2);
});

Deno.test("finds the next offset with a record, and the first of the last n", () => {
  const ring = new LatestRing(0);
  ring.append(["a", "b", "a", "c", "b"].map((key) => priced(key)));
  assertEquals([0, 2, 3, 4, 5].map((from) => ring.next(from)), [2, 2, 3, 4, 5]);
  assertEquals([0, 1, 2, 3].map((count) => ring.last(count)), [5, 4, 3, 2]);
  assertEquals(ring.last(4), 1);
});

Deno.test("a trim moves the tail and frees the keys of dropped records", () => {
  const ring = new LatestRing(0);
  ring.append(["a", "b", "a", "c"].map((key) => priced(key)));
  ring.trim({ ...UNBOUNDED, maxRecords: 2 }, 0);
  assertEquals([ring.tail, ring.size, ring.next(0)], [2, 2, 2]);
  ring.trim({ ...UNBOUNDED, maxRecords: 1 }, 0);
  assertEquals([ring.tail, ring.size], [3, 1]);
  ring.append([priced("b"), priced("a")]);
  assertEquals(ring.size, 3);
  ring.trim({ ...UNBOUNDED, maxAgeMs: 5 }, 10);
  assertEquals([ring.tail, ring.head, ring.size, ring.bytes], [6, 6, 0, 0]);
});

Deno.test("holds the newest record of each key after any appends and trims", () => {
  const step = fc.oneof(
    fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 6 }),
    fc.integer({ min: 0, max: 4 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const ring = new LatestRing(0);
      let model: { offset: number; key: string }[] = [];
      let head = 0;
      let tail = 0;
      for (const step of steps) {
        if (typeof step === "number") {
          ring.trim({ ...UNBOUNDED, maxRecords: step }, 0);
          const dropped = model.splice(0, Math.max(0, model.length - step));
          tail = dropped.length > 0 ? dropped.at(-1)!.offset + 1 : tail;
        } else {
          ring.append(step.map((key) => priced(key)));
          for (const key of step) {
            model = model.filter((one) => one.key !== key);
            model.push({ offset: head++, key });
          }
        }
        const seen = [];
        for (let at = ring.next(0); at < ring.head; at = ring.next(at + 1)) {
          seen.push({ offset: at, key: ring.at(at).key });
        }
        assertEquals(seen, model);
        assertEquals([ring.tail, ring.head, ring.size], [
          tail,
          head,
          model.length,
        ]);
      }
    }),
  );
});

Deno.test("a skip drops no record: the offsets in between have none", () => {
  const ring = new LatestRing(0);
  ring.append([priced("a")]);
  ring.skip(0);
  ring.skip(4);
  ring.append([priced("b")]);
  assertEquals([ring.tail, ring.head, ring.size, ring.next(1)], [0, 5, 2, 4]);
});
