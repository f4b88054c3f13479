import { assertEquals } from "@std/assert";
import { encodeBinary } from "../../messages.ts";
import {
  binaryFrame,
  counted,
  hex,
  shortened,
  sizeOf,
} from "../../static/feed/payload.ts";

Deno.test("a count has its noun", () => {
  assertEquals(counted(1, "message"), "1 message");
  assertEquals(counted(0, "byte"), "0 bytes");
  assertEquals(counted(1240, "message"), "1,240 messages");
});

Deno.test("bytes are shown in hexadecimal, the first ones of many", () => {
  assertEquals(hex(new Uint8Array([0, 15, 255])), "00 0f ff");
  assertEquals(hex(new Uint8Array(25)), `${"00 ".repeat(24)}…`);
});

Deno.test("the size of data is in bytes, whatever it is", () => {
  assertEquals(sizeOf("é"), 2);
  assertEquals(sizeOf(new Blob(["abc"])), 3);
  assertEquals(sizeOf(new ArrayBuffer(4)), 4);
  assertEquals(sizeOf(new Uint8Array(8).subarray(3)), 5);
});

Deno.test("a long text is shown by its beginning", () => {
  assertEquals(shortened("short"), "short");
  const long = shortened("x".repeat(700));
  assertEquals(long, `${"x".repeat(600)} … (700 characters in all)`);
});

Deno.test("a binary frame is shown with its header in words", () => {
  const header = '{"type":"batch","topic":"lobby","offset":1,"messages":[]}';
  const frame = encodeBinary(header, new Uint8Array([104, 105]));
  assertEquals(binaryFrame(frame), `00 00 00 39 ${header} 68 69`);
});

Deno.test("bytes that are no frame are shown as they are", () => {
  assertEquals(binaryFrame(new Uint8Array([1])), "01");
  assertEquals(
    binaryFrame(new Uint8Array([255, 255, 255, 255, 123])),
    "ff ff ff ff 7b",
  );
  assertEquals(binaryFrame(new Uint8Array([0, 0, 0, 1, 65])), "00 00 00 01 41");
});
