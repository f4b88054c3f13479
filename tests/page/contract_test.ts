import { assert, assertEquals, assertFalse } from "@std/assert";
import { CloseCode } from "../../messages.ts";
import { closeWords } from "../../static/connection/close_text.ts";
import { contract } from "../../static/contract.ts";

Deno.test("a chat has a text of 1 to 2,000 and perhaps a name of at most 40", () => {
  const ok = (fields: object) => contract.check({ type: "chat", ...fields }).ok;
  assert(ok({ text: "hi" }));
  assert(ok({ text: "x".repeat(2000), name: "n".repeat(40) }));
  assertFalse(ok({ text: "" }));
  assertFalse(ok({ text: "x".repeat(2001) }));
  assertFalse(ok({ text: "hi", name: "n".repeat(41) }));
  assertFalse(ok({ text: "hi", name: 1 }));
  assertFalse(ok({}));
});

Deno.test("other types pass as they come", () => {
  assert(contract.check({ type: "move", x: 1 }).ok);
});

Deno.test("every close code that Drumbeat uses has words of its own", () => {
  const vague = Object.values(CloseCode).filter((code) =>
    /own code|registered|reserved/.test(closeWords(code))
  );
  assertEquals(vague, []);
  assertEquals(closeWords(4321), "an application's own code");
  assertEquals(closeWords(3000), "a registered code");
  assertEquals(closeWords(2999), "reserved by the standard");
});
