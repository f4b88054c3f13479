import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { BATCH_BYTES, encodeBatch } from "../../../hub/log/batch.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import { decodeServerFrame, utf8Length } from "../../../messages.ts";
import { record, records } from "./records.ts";
import { runOf } from "./runs.ts";

Deno.test("encodes the records from an offset on as one text frame, with the type first", () => {
  const frame = encodeBatch(runOf(records("a", "b", "c")), 1);
  assertEquals(
    frame.data,
    '{"type":"batch","topic":"lobby","offset":1,"messages":[' +
      '{"from":"peer-a","at":1700000000000,"message":{"type":"chat","text":"b"}},' +
      '{"message":{"type":"chat","text":"c"}}]}',
  );
  assertEquals([frame.from, frame.to], [1, 3]);
});

Deno.test("omits from and at where they equal those of the record before", () => {
  const run = runOf(
    ([["a", 1], ["a", 1], ["b", 1], ["b", 2], ["a", 3]] as const).map((
      [from, at],
    ) => new LogRecord(from, at, 0, '{"type":"x"}')),
  );
  const { data } = encodeBatch(run, 0);
  const message = { type: "x" };
  assertEquals(JSON.parse(data as string).messages, [
    { from: "a", at: 1, message },
    { message },
    { from: "b", message },
    { at: 2, message },
    { from: "a", at: 3, message },
  ]);
});

Deno.test("escapes the topic's name", () => {
  const frame = encodeBatch(runOf(records("a"), 'a "quoted" \\ name'), 0);
  assertEquals(JSON.parse(frame.data as string).topic, 'a "quoted" \\ name');
});

Deno.test("encodes a single record as a batch", () => {
  const { data } = encodeBatch(runOf(records("a")), 0);
  assertEquals(JSON.parse(data as string).messages.length, 1);
});

Deno.test("ends a batch before it exceeds 64 KiB of records", () => {
  const large = record("x".repeat(20_000));
  const run = runOf([large, large, large, large]);
  const first = encodeBatch(run, 0);
  assertEquals([first.from, first.to], [0, 3]);
  assertLessOrEqual(utf8Length(first.data as string), BATCH_BYTES + 100);
  assertEquals(encodeBatch(run, 3).to, 4);
});

Deno.test("encodes a record above 64 KiB alone", () => {
  const huge = record("x".repeat(100_000));
  const run = runOf([record("a"), huge, record("b")]);
  assertEquals(encodeBatch(run, 0).to, 1);
  assertEquals(encodeBatch(run, 1).to, 2);
});

Deno.test("encodes a binary record as a binary batch of its own, and ends the text batch before it", () => {
  const payload = Uint8Array.of(1, 2, 3);
  const run = runOf([record("a"), record(payload), record("b")]);
  assertEquals(encodeBatch(run, 0).to, 1);
  const binary = encodeBatch(run, 1);
  assertEquals([binary.from, binary.to], [1, 2]);
  const decoded = decodeServerFrame(binary.data);
  assert(decoded.ok);
  assertEquals(decoded.frame, {
    type: "batch",
    topic: "lobby",
    offset: 1,
    messages: [{ from: "peer-a", at: 1_700_000_000_000 }],
  });
  assertEquals(decoded.payload, payload);
  assertEquals(binary.bytes, binary.data.length);
  assertEquals(encodeBatch(run, 2).to, 3);
});

Deno.test("counts a batch's bytes within 2 % of its UTF-8 length", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 300 }), {
        minLength: 1,
        maxLength: 40,
      }),
      (texts) => {
        const run = runOf(
          texts.map((text, i) =>
            new LogRecord(
              i % 3 === 0 ? "peer-a" : "peer-b",
              1_700_000_000_000 + (i >> 2),
              0,
              JSON.stringify({ type: "chat", text }),
            )
          ),
        );
        const { data, bytes } = encodeBatch(run, 0);
        const real = new TextEncoder().encode(data as string).length;
        assert(
          Math.abs(bytes - real) <= Math.max(4 + texts.length * 2, real / 50),
          `${bytes} counted, ${real} sent`,
        );
      },
    ),
  );
});

Deno.test("consecutive batches contain every record once and in order", () => {
  const body = fc.oneof(
    fc.integer({ min: 0, max: 70_000 }).map((n) => "x".repeat(n)),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
  );
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 12 }), (bodies) => {
      const all = bodies.map((body, i) =>
        new LogRecord(
          "p",
          i,
          0,
          typeof body === "string" ? JSON.stringify({ text: body }) : body,
        )
      );
      const run = runOf(all);
      const seen: number[] = [];
      for (let at = 0; at < run.ring.head;) {
        const { data, from, to } = encodeBatch(run, at);
        assertEquals(from, at);
        assert(to > at);
        const decoded = decodeServerFrame(data);
        assert(decoded.ok && decoded.frame.type === "batch");
        seen.push(...decoded.frame.messages.map(({ at }) => at!));
        assertEquals(decoded.frame.messages.length, to - from);
        at = to;
      }
      assertEquals(seen, all.map(({ at }) => at));
    }),
    { numRuns: 50 },
  );
});
