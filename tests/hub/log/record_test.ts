import { assertEquals } from "@std/assert";
import { encodeBatch } from "../../../hub/log/batch.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import { record } from "./records.ts";
import { runOf } from "./runs.ts";

Deno.test("a record's size is its UTF-8 bytes in a batch, after any other record", () => {
  const at = 1_700_000_000_000;
  for (const text of ["", "hello", "grüße 🥁", "x".repeat(5_000)]) {
    const one = record(text);
    const { from, body } = one;
    const before = [
      one,
      new LogRecord(from, at + 1, 0, body),
      new LogRecord("another", at, 0, body),
    ];
    for (const other of before) {
      assertEquals(one.bytesAfter(other), sizeAfter(one, other));
    }
    const stranger = new LogRecord("another", at + 1, 0, body);
    assertEquals(one.bytesAfter(stranger), sizeAfter(one, stranger));
    assertEquals(one.bytesAfter(stranger), one.bytes);
  }
});

function sizeAfter(record: LogRecord, before: LogRecord): number {
  const [both, alone] = [[before, record], [before]].map((records) =>
    new TextEncoder().encode(encodeBatch(runOf(records), 0).data as string)
      .length
  );
  return both! - alone!;
}

Deno.test("a binary record's size counts its payload", () => {
  const empty = new LogRecord("peer-a", 0, 0, new Uint8Array(0));
  const full = new LogRecord("peer-a", 0, 0, new Uint8Array(1_000));
  assertEquals(full.bytes - empty.bytes, 1_000);
});
