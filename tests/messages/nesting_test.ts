import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nestingProblem } from "../../messages.ts";

/** Returns the depth of a parsed value. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

Deno.test("counts arrays and objects, and ignores brackets in strings", () => {
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
    // The spaces make the text long enough to be scanned.
    const text = json + " ".repeat(20);
    assertEquals(nestingProblem(text, depth), undefined, json);
    if (depth > 0) assert(nestingProblem(text, depth - 1), json);
  }
});

Deno.test("agrees with the depth of the parsed value, for any JSON", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.nat(8), (json, most) => {
      const isDeeper = depthOf(JSON.parse(json)) > most;
      assertEquals(nestingProblem(json, most) !== undefined, isDeeper, json);
    }),
  );
});

Deno.test("reads no more of 32,000 brackets than of 65", () => {
  const deep = "[".repeat(32_000) + "]".repeat(32_000);
  let calls = 0;
  const text = new Proxy(Object(deep), {
    get(target, name) {
      if (name === "length") return deep.length;
      return (...args: number[]) => {
        calls++;
        return target[name](...args);
      };
    },
  });
  assert(nestingProblem(text, 64));
  assertEquals(calls, 65);
});
