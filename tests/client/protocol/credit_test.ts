import { assertEquals } from "@std/assert";
import { Credit } from "../../../client/protocol/credit.ts";

Deno.test("an ack is due with the byte that fills a quarter of the window, and not again before the next quarter", () => {
  const credit = new Credit(400, 1);
  const due = [99, 1, 99, 1, 250, 1].map((bytes) => credit.received(bytes));
  assertEquals(due, [false, true, false, true, true, false]);
  assertEquals(credit.frames, 6);
});

Deno.test("the first ack comes after a share of the quarter, the others after all of it", () => {
  const credit = new Credit(400, 0.5);
  const due = [49, 1, 99, 1, 100].map((bytes) => credit.received(bytes));
  assertEquals(due, [false, true, false, true, true]);
});
