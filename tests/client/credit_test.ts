import { assertEquals } from "@std/assert";
import { Credit } from "../../client/credit.ts";

Deno.test("an ack is due with the byte that fills a quarter of the window, and not again before the next quarter", () => {
  const credit = new Credit(400);
  const due = [99, 1, 99, 1, 250, 1].map((bytes) => credit.took(bytes));
  assertEquals(due, [false, true, false, true, true, false]);
  assertEquals(credit.frames, 6);
});
