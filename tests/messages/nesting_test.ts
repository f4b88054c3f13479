import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nestingProblem } from "../../messages.ts";

/** The same by way of the value. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

Deno.test("arrays and objects count, what strings say does not", () => {
  const depths: [string, number][] = [
    ["1", 0],
    ["[]", 1],
    ["{}", 1],
    ['{"a":[{}]}', 3],
    ["[[],[],[]]", 2],
    ['["[[[["]', 1],
    ['["\\"[[[["]', 1],
    ['["\\\\",[]]', 2],
    ['{"{[":"\\\\\\"]}"}', 1],
  ];
  for (const [json, depth] of depths) {
    // Spaces: what is short is not looked at.
    const text = json + " ".repeat(20);
    assertEquals(nestingProblem(text, depth), undefined, json);
    if (depth > 0) assert(nestingProblem(text, depth - 1), json);
  }
});

Deno.test("any JSON is as deep as its value", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.nat(8), (json, most) => {
      const isDeeper = depthOf(JSON.parse(json)) > most;
      assertEquals(nestingProblem(json, most) !== undefined, isDeeper, json);
    }),
  );
});

Deno.test("32,000 brackets are no more work than 65", () => {
  const deep = "[".repeat(32_000) + "]".repeat(32_000);
  let looked = 0;
  const text = new Proxy(Object(deep), {
    get(target, name) {
      if (name === "length") return deep.length;
      return (...args: number[]) => {
        looked++;
        return target[name](...args);
      };
    },
  });
  assert(nestingProblem(text, 64));
  assertEquals(looked, 65);
});
