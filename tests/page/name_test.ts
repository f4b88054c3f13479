import { assertEquals } from "@std/assert";
import { cleanName } from "../../static/compose/name.ts";

Deno.test("removes invisible characters and changes of direction from a name", () => {
  assertEquals(cleanName("\u202eevil\u2066 \u0000name\u200b"), "evil name");
  assertEquals(cleanName("  two\n\tlines  "), "two lines");
});

Deno.test("rejects a name without a visible character", () => {
  for (
    const name of ["", "   ", "\u200b\u2060", "\u200d", "\u3164", "\u2800"]
  ) {
    assertEquals(cleanName(name), "");
  }
});

Deno.test("keeps every language and emoji in a name", () => {
  for (const name of ["مريم", "Zoë", "李小龙", "👩‍🚀"]) {
    assertEquals(cleanName(name), name);
  }
});

Deno.test("truncates a name to 40 code units, and never within a character", () => {
  assertEquals(cleanName("W".repeat(50)), "W".repeat(40));
  assertEquals(cleanName(`${"W".repeat(39)}🥁`), "W".repeat(39));
});
