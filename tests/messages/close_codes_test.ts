import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CloseCode, shouldReconnect } from "../../messages.ts";

/** The table of docs/protocol.md, "Close codes". */
const TABLE: readonly (readonly [code: number, reconnects: boolean])[] = [
  [1000, false],
  [1001, true],
  [1012, true],
  [1013, true],
  [1006, true],
  [0, true],
  [1009, false],
  [4001, true],
  [4002, true],
  [4029, true],
  [4408, true],
  [4500, false],
  [4501, false],
  [4503, false],
  [4505, false],
  [4506, false],
  [1002, false],
  [1003, false],
  [1005, true],
  [1007, false],
  [1008, false],
  [1010, false],
  [1011, true],
  [1014, true],
  [1015, true],
  [3000, true],
  [3999, true],
  [4000, true],
  [4499, true],
  [4999, false],
  [5000, true],
];

for (const [code, reconnects] of TABLE) {
  Deno.test(`a client ${reconnects ? "reconnects" : "stays closed"} after ${code}`, () => {
    assertEquals(shouldReconnect(code), reconnects);
  });
}

Deno.test("reconnects after 4000 to 4499, and stays closed after 4500 to 4999", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4000, max: 4999 }), (code) => {
      assertEquals(shouldReconnect(code), code < 4500);
    }),
  );
});

Deno.test("each close code has a different number", () => {
  const codes = Object.values(CloseCode);
  assertEquals(new Set(codes).size, codes.length);
});
