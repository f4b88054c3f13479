/**
 * What is wrong with a JSON text whose arrays and objects stand inside one another deeper than so many times.
 *
 * It ends where it knows, and calls nothing that calls itself: what nests 30,000 times costs no more than what nests too
 * deep by one, where `JSON.stringify`, or a validator, would run out of stack.
 *
 * @param json any text; of what is no JSON, what would open an array or an object counts.
 * @param most how deep it may be: `{}` is 1, `{"a":[]}` is 2.
 * @returns a sentence, or `undefined` when it is no deeper.
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { nestingProblem } from "./nesting.ts";
 *
 * assertEquals(nestingProblem('{"a":["[[["]}', 2), undefined);
 * assertMatch(nestingProblem('{"a":[[]]}', 2) ?? "", /2 deep at most/);
 * ```
 */
export function nestingProblem(
  json: string,
  most: number,
): string | undefined {
  // What nests so deep has as many brackets: most messages are shorter than that, and not looked at.
  if (json.length <= 2 * most) return undefined;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const unit = json.charCodeAt(i);
    if (unit === QUOTE) i = endOfString(json, i);
    else if (unit === BRACKET || unit === BRACE) {
      if (++depth > most) {
        return `Arrays and objects stand inside one another ${most} deep at most`;
      }
    } else if (unit === BRACKET_END || unit === BRACE_END) depth--;
  }
  return undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** Where a string that starts at `start` has its closing quote. Searched for, not walked to: most of a message is text. */
function endOfString(json: string, start: number): number {
  for (let at = start;;) {
    at = json.indexOf('"', at + 1);
    if (at === -1) return json.length;
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}
