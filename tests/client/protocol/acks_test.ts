import { assertEquals } from "@std/assert";
import { Acks } from "../../../client/protocol/acks.ts";

Deno.test("an ack is due with the byte that completes a quarter of the window", () => {
  const acks = new Acks(400, 1);
  const due = [99, 1, 99, 1, 250, 1].map((bytes) => acks.received(bytes));
  assertEquals(due, [false, true, false, true, true, false]);
  assertEquals(acks.frames, 6);
});

Deno.test("the first ack is due after a part of the quarter, the others after all of it", () => {
  const acks = new Acks(400, 0.5);
  const due = [49, 1, 99, 1, 100].map((bytes) => acks.received(bytes));
  assertEquals(due, [false, true, false, true, true]);
});
