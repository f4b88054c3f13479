import { assert, assertEquals, assertFalse } from "@std/assert";
import { Cursor } from "../../../client/topics/cursor.ts";

function at(
  epoch: string,
  offset: number,
  head = offset,
): Parameters<Cursor["moveTo"]>[0] {
  return { epoch, offset, head, recovered: true };
}

Deno.test("a new cursor expects no offset; after a start it expects the next one", () => {
  const cursor = new Cursor();
  assertEquals(cursor.position, undefined);
  assertFalse(cursor.expects(0));
  assertEquals(cursor.moveTo(at("a", 17, 20)), undefined);
  assert(cursor.expects(17));
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.position, { epoch: "a", offset: 18 });
  assertFalse(cursor.expects(17));
});

Deno.test("a resume in the same epoch continues at the cursor, whatever the server's offset", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  assertEquals(cursor.moveTo(at("a", 9, 12)), undefined);
  assertEquals(cursor.position, { epoch: "a", offset: 5 });
});

Deno.test("another epoch is a gap of unknown extent", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  assertEquals(cursor.moveTo(at("b", 2, 4)), { from: 5 });
  assertEquals(cursor.position, { epoch: "b", offset: 2 });
  assertEquals(cursor.takeCaughtUp(), undefined);
});

Deno.test("a log that ends before the position is a gap of unknown extent", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  assertEquals(cursor.moveTo(at("a", 1, 4)), { from: 5 });
  assertEquals(cursor.position, { epoch: "a", offset: 1 });
});

Deno.test("counts the records of a resume once, when it is complete", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  cursor.moveTo(at("a", 5, 7));
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), undefined);
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), 2);
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), undefined);
});

Deno.test("does not count records that were published after the resume", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  cursor.moveTo(at("a", 5, 6));
  cursor.advance(cursor.position!.offset);
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), 1);
  cursor.moveTo(at("a", 7, 7));
  assertEquals(cursor.takeCaughtUp(), undefined);
});

Deno.test("an interrupted resume continues to count", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  cursor.moveTo(at("a", 5, 9));
  cursor.advance(cursor.position!.offset);
  cursor.moveTo(at("a", 6, 8));
  cursor.advance(cursor.position!.offset);
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), 3);
});

Deno.test("does not count the records of a gap as recovered", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  cursor.moveTo(at("a", 5, 9));
  assert(cursor.skip(5, 8));
  assertEquals(cursor.takeCaughtUp(), undefined);
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), 1);
});

Deno.test("accepts a gap only at the next offset, and not an empty one", () => {
  const cursor = new Cursor();
  assertFalse(cursor.skip(0, 3));
  cursor.moveTo(at("a", 5));
  assertFalse(cursor.skip(4, 8));
  assertFalse(cursor.skip(6, 8));
  assertFalse(cursor.skip(5, 5));
  assertFalse(cursor.skip(5, 4));
  assertEquals(cursor.position, { epoch: "a", offset: 5 });
  assert(cursor.skip(5, 8));
  assertEquals(cursor.position, { epoch: "a", offset: 8 });
});

Deno.test("a resume that ends in another epoch recovers nothing", () => {
  const cursor = new Cursor();
  cursor.moveTo(at("a", 5));
  cursor.moveTo(at("a", 5, 9));
  cursor.advance(cursor.position!.offset);
  cursor.moveTo(at("b", 20, 20));
  cursor.advance(cursor.position!.offset);
  assertEquals(cursor.takeCaughtUp(), undefined);
});
