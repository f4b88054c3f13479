import { assertEquals } from "@std/assert";
import { numberProblem } from "../../messages.ts";

const isKept = (json: string) => numberProblem(json) === undefined;

Deno.test("an integer that a double rounds is a problem, and one that it holds passes", () => {
  for (
    const [number, kept] of [
      ["9007199254740991", true],
      ["9007199254740992", true],
      ["9007199254740993", false],
      ["-9007199254740993", false],
      ["12345678901234567890", false],
      // 2 ** 64, and as JSON.stringify writes it.
      ["18446744073709551616", false],
      ["18446744073709552000", true],
      ["1".repeat(400), false],
      ["1234567890123456", true],
      ["0.12345678901234567890", true],
      ["123456789012345.678", true],
      ["1e308", true],
      ["1e309", false],
      ["-1E+400", false],
      ["1e-400", true],
      ["1.7976931348623157e308", true],
    ] as const
  ) {
    for (const json of [`{"n":${number}}`, `[1,"x",${number}]`]) {
      assertEquals(isKept(json), kept, json);
    }
    assertEquals(isKept(`{"${number}":"a\\"${number}\\\\"}`), true, number);
  }
});

Deno.test("every number that JSON.stringify writes is kept", () => {
  const bits = new BigUint64Array(1);
  const doubles = new Float64Array(bits.buffer);
  for (let n = 0; n < 20_000; n++) {
    crypto.getRandomValues(bits);
    const json = JSON.stringify([doubles[0], 2 ** (n % 1_024), n * 1e14 + n]);
    assertEquals(numberProblem(json), undefined, json);
  }
});

Deno.test("finds a long integer at any place of a text", () => {
  for (let before = 0; before < 40; before++) {
    const text = "x".repeat(before);
    assertEquals(isKept(`{"a":"${text}","n":9007199254740993}`), false);
    assertEquals(isKept(`{"a":"${text}","n":9007199254740992}`), true);
  }
});

Deno.test("the error contains a bounded part of the number", () => {
  assertEquals(
    numberProblem(`{"n":${"9".repeat(1_000)}}`),
    `The number ${"9".repeat(32)} does not fit into a double: send it as text`,
  );
});
