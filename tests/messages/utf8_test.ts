import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { utf8Length } from "../../messages.ts";

function encodedLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

Deno.test("agrees with TextEncoder for any text", () => {
  for (const unit of ["grapheme", "binary", "grapheme-ascii"] as const) {
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        assertEquals(utf8Length(text), encodedLength(text));
      }),
    );
  }
});

Deno.test("agrees with TextEncoder for any UTF-16 units, lone surrogates included", () => {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0xd7fe, max: 0xe001 }),
    fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800),
  );
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const text = String.fromCharCode(...units);
      assertEquals(utf8Length(text), encodedLength(text));
    }),
  );
});
