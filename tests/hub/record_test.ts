import { assertAlmostEquals, assertEquals } from "@std/assert";
import { encodeBatch } from "../../hub/frame.ts";
import { LogRecord } from "../../hub/record.ts";
import { record } from "./records.ts";
import { runOf } from "./runs.ts";

Deno.test("a record's size is about what it takes in a batch, in UTF-8 bytes", () => {
  for (const text of ["", "hello", "grüße 🥁", "x".repeat(5_000)]) {
    const one = record(text);
    const frame = encodeBatch(runOf([one, one]), 0);
    const alone = encodeBatch(runOf([one]), 0);
    const size = new TextEncoder().encode(frame.data as string).length -
      new TextEncoder().encode(alone.data as string).length;
    assertAlmostEquals(one.bytes, size, 2);
  }
});

Deno.test("a binary record's size counts its payload", () => {
  const empty = new LogRecord("peer-a", 0, 0, new Uint8Array(0));
  const full = new LogRecord("peer-a", 0, 0, new Uint8Array(1_000));
  assertEquals(full.bytes - empty.bytes, 1_000);
});
