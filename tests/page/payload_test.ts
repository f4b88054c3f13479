import { assertEquals } from "@std/assert";
import { encodeBinary } from "../../messages.ts";
import {
  binaryFrameText,
  byteLengthOf,
  hex,
  shorten,
} from "../../static/feed/payload.ts";

Deno.test("formats the first bytes in hexadecimal", () => {
  assertEquals(hex(new Uint8Array([0, 15, 255])), "00 0f ff");
  assertEquals(hex(new Uint8Array(25)), `${"00 ".repeat(24)}…`);
});

Deno.test("measures text, Blobs, buffers and views in bytes", () => {
  assertEquals(byteLengthOf("é"), 2);
  assertEquals(byteLengthOf(new Blob(["abc"])), 3);
  assertEquals(byteLengthOf(new ArrayBuffer(4)), 4);
  assertEquals(byteLengthOf(new Uint8Array(8).subarray(3)), 5);
});

Deno.test("shortens a long text to its beginning and its length", () => {
  assertEquals(shorten("short"), "short");
  const long = shorten("x".repeat(700));
  assertEquals(long, `${"x".repeat(600)} … (700 characters in all)`);
});

Deno.test("formats a binary frame with its header as text", () => {
  const header = '{"type":"batch","topic":"lobby","offset":1,"messages":[]}';
  const frame = encodeBinary(header, new Uint8Array([104, 105]));
  assertEquals(binaryFrameText(frame), `00 00 00 39 ${header} 68 69`);
});

Deno.test("formats other bytes in hexadecimal only", () => {
  assertEquals(binaryFrameText(new Uint8Array([1])), "01");
  assertEquals(
    binaryFrameText(new Uint8Array([255, 255, 255, 255, 123])),
    "ff ff ff ff 7b",
  );
  assertEquals(
    binaryFrameText(new Uint8Array([0, 0, 0, 1, 65])),
    "00 00 00 01 41",
  );
});
