import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { ContiguousRing } from "../../../hub/log/ring.ts";
import { record, records } from "./records.ts";

const UNBOUNDED = { maxRecords: 1e9, maxBytes: 1e9, maxAgeMs: 1e9 };

Deno.test("a new ring is empty and begins at the given offset", () => {
  const ring = new ContiguousRing(17);
  assertEquals([ring.tail, ring.head, ring.size, ring.bytes], [17, 17, 0, 0]);
});

Deno.test("appended records have contiguous offsets from the head on", () => {
  const ring = new ContiguousRing(5);
  const [a, b] = records("a", "b");
  ring.append([a!, b!]);
  assertEquals([ring.tail, ring.head, ring.size], [5, 7, 2]);
  assertStrictEquals(ring.at(5), a);
  assertStrictEquals(ring.at(6), b);
  assertEquals(ring.bytes, a!.bytes + b!.bytes);
});

Deno.test("an offset outside the ring is a RangeError with the bounds", () => {
  const ring = new ContiguousRing(5);
  ring.append(records("a", "b", "c"));
  ring.trim({ ...UNBOUNDED, maxRecords: 2 }, 0);
  for (const offset of [-1, 4, 5, 8]) {
    assertThrows(
      () => ring.at(offset),
      RangeError,
      `No record at ${offset}: the log has 6 to 8`,
    );
  }
});

Deno.test("drops no record before trim is called", () => {
  const ring = new ContiguousRing(0);
  ring.append(records(..."abcdefgh"));
  assertEquals(ring.size, 8);
});

Deno.test("drops the oldest records above maxRecords", () => {
  const ring = new ContiguousRing(0);
  ring.append(records("a", "b", "c"));
  ring.trim({ ...UNBOUNDED, maxRecords: 1 }, 0);
  assertEquals([ring.tail, ring.head], [2, 3]);
});

Deno.test("drops the oldest records above maxBytes", () => {
  const ring = new ContiguousRing(0);
  const three = records("a", "b", "c");
  ring.append(three);
  ring.trim({ ...UNBOUNDED, maxBytes: 2 * three[0]!.bytes }, 0);
  assertEquals([ring.tail, ring.bytes], [1, 2 * three[0]!.bytes]);
});

Deno.test("drops records above maxAgeMs, by the monotonic clock", () => {
  const ring = new ContiguousRing(0);
  ring.append([record("a", 100), record("b", 101), record("c", 150)]);
  ring.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 150);
  assertEquals(ring.tail, 0);
  ring.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 151);
  assertEquals(ring.tail, 1);
  ring.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 1_000);
  assertEquals([ring.tail, ring.head, ring.size, ring.bytes], [3, 3, 0, 0]);
});

Deno.test("drops a record that alone exceeds maxBytes", () => {
  const ring = new ContiguousRing(0);
  ring.append([record("x".repeat(1_000))]);
  ring.trim({ ...UNBOUNDED, maxBytes: 100 }, 0);
  assertEquals([ring.tail, ring.head, ring.bytes], [1, 1, 0]);
});

Deno.test("keeps each record at its offset after many appends and trims", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          appended: fc.integer({ min: 0, max: 700 }),
          kept: fc.integer({ min: 0, max: 500 }),
        }),
        { maxLength: 12 },
      ),
      (rounds) => {
        const ring = new ContiguousRing(3);
        let head = 3;
        for (const { appended, kept } of rounds) {
          ring.append(
            Array.from({ length: appended }, (_, i) => record(`${head + i}`)),
          );
          head += appended;
          ring.trim({ ...UNBOUNDED, maxRecords: kept }, 0);
          assertEquals(ring.head, head);
          assert(ring.size <= kept);
          let bytes = 0;
          for (let offset = ring.tail; offset < head; offset++) {
            bytes += ring.at(offset).bytes;
            assertEquals(
              ring.at(offset).body,
              `{"type":"chat","text":"${offset}"}`,
            );
          }
          assertEquals(ring.bytes, bytes);
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a skip drops the records below, and continues at the offset", () => {
  const ring = new ContiguousRing(5);
  ring.append(records("a", "b"));
  ring.skip(7);
  assertEquals([ring.tail, ring.head], [5, 7]);
  ring.skip(9);
  assertEquals([ring.tail, ring.head, ring.size, ring.bytes], [9, 9, 0, 0]);
  const [c] = records("c");
  ring.append([c!]);
  assertStrictEquals(ring.at(9), c);
});
