import { assertEquals } from "@std/assert";
import { Credit } from "../../../client/protocol/credit.ts";

Deno.test("an ack is due with the byte that completes a quarter of the window", () => {
  const credit = new Credit(400, 1);
  const due = [99, 1, 99, 1, 250, 1].map((bytes) => credit.received(bytes));
  assertEquals(due, [false, true, false, true, true, false]);
  assertEquals(credit.frames, 6);
});

Deno.test("the first ack is due after a part of the quarter, the others after all of it", () => {
  const credit = new Credit(400, 0.5);
  const due = [49, 1, 99, 1, 100].map((bytes) => credit.received(bytes));
  assertEquals(due, [false, true, false, true, true]);
});
