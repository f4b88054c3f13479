import { assert, assertFalse } from "@std/assert";
import { contract } from "../../static/contract.ts";

Deno.test("accepts a chat with a text of 1 to 2,000 code units and a name of at most 40", () => {
  const ok = (fields: object) => contract.check({ type: "chat", ...fields }).ok;
  assert(ok({ text: "hi" }));
  assert(ok({ text: "x".repeat(2000), name: "n".repeat(40) }));
  assertFalse(ok({ text: "" }));
  assertFalse(ok({ text: "x".repeat(2001) }));
  assertFalse(ok({ text: "hi", name: "n".repeat(41) }));
  assertFalse(ok({ text: "hi", name: 1 }));
  assertFalse(ok({}));
});

Deno.test("accepts other types unchecked", () => {
  assert(contract.check({ type: "move", x: 1 }).ok);
});
