import { assertEquals } from "@std/assert";
import { tidyName } from "../../static/compose/name.ts";

Deno.test("a name loses what cannot be seen or turns the text around it", () => {
  assertEquals(tidyName("\u202eevil\u2066 \u0000name\u200b"), "evil name");
  assertEquals(tidyName("  two\n\tlines  "), "two lines");
});

Deno.test("a name of nothing visible is no name", () => {
  for (
    const name of ["", "   ", "\u200b\u2060", "\u200d", "\u3164", "\u2800"]
  ) {
    assertEquals(tidyName(name), "");
  }
});

Deno.test("a name keeps its language and its emoji", () => {
  for (const name of ["مريم", "Zoë", "李小龙", "👩‍🚀"]) {
    assertEquals(tidyName(name), name);
  }
});

Deno.test("a name is cut at 40 code units, and not through a character", () => {
  assertEquals(tidyName("W".repeat(50)), "W".repeat(40));
  assertEquals(tidyName(`${"W".repeat(39)}🥁`), "W".repeat(39));
});
