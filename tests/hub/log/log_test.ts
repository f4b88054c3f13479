import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { Log } from "../../../hub/log/log.ts";
import { record, records } from "./records.ts";

const UNBOUNDED = { maxRecords: 1e9, maxBytes: 1e9, maxAgeMs: 1e9 };

Deno.test("a new log is empty and begins at the given offset", () => {
  const log = new Log(17);
  assertEquals([log.tail, log.head, log.size, log.bytes], [17, 17, 0, 0]);
});

Deno.test("appended records have contiguous offsets from the head on", () => {
  const log = new Log(5);
  const [a, b] = records("a", "b");
  log.append([a!, b!]);
  assertEquals([log.tail, log.head, log.size], [5, 7, 2]);
  assertStrictEquals(log.at(5), a);
  assertStrictEquals(log.at(6), b);
  assertEquals(log.bytes, a!.bytes + b!.bytes);
});

Deno.test("an offset outside the log is a RangeError with the log's bounds", () => {
  const log = new Log(5);
  log.append(records("a", "b", "c"));
  log.trim({ ...UNBOUNDED, maxRecords: 2 }, 0);
  for (const offset of [-1, 4, 5, 8]) {
    assertThrows(
      () => log.at(offset),
      RangeError,
      `No record at ${offset}: the log has 6 to 8`,
    );
  }
});

Deno.test("drops no record before trim is called", () => {
  const log = new Log(0);
  log.append(records(..."abcdefgh"));
  assertEquals(log.size, 8);
});

Deno.test("drops the oldest records above maxRecords", () => {
  const log = new Log(0);
  log.append(records("a", "b", "c"));
  log.trim({ ...UNBOUNDED, maxRecords: 1 }, 0);
  assertEquals([log.tail, log.head], [2, 3]);
});

Deno.test("drops the oldest records above maxBytes", () => {
  const log = new Log(0);
  const three = records("a", "b", "c");
  log.append(three);
  log.trim({ ...UNBOUNDED, maxBytes: 2 * three[0]!.bytes }, 0);
  assertEquals([log.tail, log.bytes], [1, 2 * three[0]!.bytes]);
});

Deno.test("drops records above maxAgeMs, by the monotonic clock", () => {
  const log = new Log(0);
  log.append([record("a", 100), record("b", 101), record("c", 150)]);
  log.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 150);
  assertEquals(log.tail, 0);
  log.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 151);
  assertEquals(log.tail, 1);
  log.trim({ ...UNBOUNDED, maxAgeMs: 50 }, 1_000);
  assertEquals([log.tail, log.head, log.size, log.bytes], [3, 3, 0, 0]);
});

Deno.test("drops a record that alone exceeds maxBytes", () => {
  const log = new Log(0);
  log.append([record("x".repeat(1_000))]);
  log.trim({ ...UNBOUNDED, maxBytes: 100 }, 0);
  assertEquals([log.tail, log.head, log.bytes], [1, 1, 0]);
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
        const log = new Log(3);
        let head = 3;
        for (const { appended, kept } of rounds) {
          log.append(
            Array.from({ length: appended }, (_, i) => record(`${head + i}`)),
          );
          head += appended;
          log.trim({ ...UNBOUNDED, maxRecords: kept }, 0);
          assertEquals(log.head, head);
          assert(log.size <= kept);
          let bytes = 0;
          for (let offset = log.tail; offset < head; offset++) {
            bytes += log.at(offset).bytes;
            assertEquals(
              log.at(offset).body,
              `{"type":"chat","text":"${offset}"}`,
            );
          }
          assertEquals(log.bytes, bytes);
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a skip drops the records below, and continues at the offset", () => {
  const log = new Log(5);
  log.append(records("a", "b"));
  log.skip(7);
  assertEquals([log.tail, log.head], [5, 7]);
  log.skip(9);
  assertEquals([log.tail, log.head, log.size, log.bytes], [9, 9, 0, 0]);
  const [c] = records("c");
  log.append([c!]);
  assertStrictEquals(log.at(9), c);
});
