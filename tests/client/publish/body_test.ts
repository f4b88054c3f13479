import { runInNewContext } from "node:vm";
import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  bodyOf,
  isBinary,
  readSentText,
} from "../../../client/publish/body.ts";

Deno.test("counts text in UTF-8 bytes and does not change it", () => {
  assertEquals(bodyOf("grüße"), { body: "grüße", bytes: 7 });
});

Deno.test("copies buffers and views, which may change before they are sent", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const bodies = [
    bytes.buffer,
    bytes,
    new DataView(bytes.buffer, 1, 2),
    new Uint16Array(bytes.buffer, 2, 1),
  ]
    .map((data) => bodyOf(data));
  bytes.fill(9);
  assertEquals(bodies, [
    { body: new Uint8Array([1, 2, 3, 4]), bytes: 4 },
    { body: new Uint8Array([1, 2, 3, 4]), bytes: 4 },
    { body: new Uint8Array([2, 3]), bytes: 2 },
    { body: new Uint8Array([3, 4]), bytes: 2 },
  ]);
});

Deno.test("reads a Blob, and has its size at once", async () => {
  const { body, bytes } = bodyOf(new Blob(["abc"]));
  assertEquals(bytes, 3);
  assertEquals(await body, new TextEncoder().encode("abc"));
});

Deno.test("a Blob that cannot be read causes no unhandled rejection", async () => {
  class Broken extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(new Error("gone"));
    }
  }
  const { body } = bodyOf(new Broken());
  assertInstanceOf(body, Promise);
  await assertRejects(() => body as Promise<unknown>, Error, "gone");
});

Deno.test("text and objects are not sent as bytes", () => {
  assertEquals([isBinary("x"), isBinary({}), isBinary(null), isBinary([1])], [
    false,
    false,
    false,
    false,
  ]);
  assertEquals([
    isBinary(new ArrayBuffer(1)),
    isBinary(new Blob()),
    isBinary(new Float32Array(1)),
  ], [true, true, true]);
});

Deno.test("separates a ping from a message, and throws a SyntaxError for other text", () => {
  assertEquals(readSentText('{"type":"ping"}'), "ping");
  assertEquals(readSentText('{"type":"chat"}'), "message");
  for (const text of ["hello", "1", "[]", "null", "{}", '{"type":1}', ""]) {
    assertThrows(() => readSentText(text), SyntaxError, "Cannot send");
  }
});

Deno.test("recognizes buffers and Blobs of another realm, and not an object that only looks like one", () => {
  const buffer = runInNewContext("new Uint8Array([1, 2]).buffer");
  assertEquals(buffer instanceof ArrayBuffer, false);
  assertEquals(isBinary(buffer), true);
  assertEquals(bodyOf(buffer).body, new Uint8Array([1, 2]));
  const blob = new Blob(["a"]);
  // A Blob of an iframe has the same tag and methods, and another prototype.
  const foreign = {
    [Symbol.toStringTag]: "Blob",
    size: 1,
    arrayBuffer: () => blob.arrayBuffer(),
  };
  assertEquals(isBinary(foreign), true);
  assertEquals(isBinary({ [Symbol.toStringTag]: "Blob" }), false);
  for (const value of [{}, [], null, undefined, "a", 1, new Date()]) {
    assertEquals(isBinary(value), false);
  }
});
