/**
 * Checks the nesting depth of arrays and objects in a JSON text.
 *
 * It stops at the first bracket that is too deep, and does not recurse: a text of 30,000 brackets costs no more than one
 * that is too deep by one, where `JSON.stringify` or a validator would overflow the stack.
 *
 * @param json any text. In text that is not JSON, every opening bracket outside of quotes counts.
 * @param most the maximum depth: `{}` has depth 1, `{"a":[]}` has depth 2.
 * @returns the cause why the text is rejected, as a sentence, or `undefined`.
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { nestingProblem } from "./nesting.ts";
 *
 * assertEquals(nestingProblem('{"a":["[[["]}', 2), undefined);
 * assertMatch(nestingProblem('{"a":[[]]}', 2) ?? "", /at most 2 levels/);
 * ```
 */
export function nestingProblem(
  json: string,
  most: number,
): string | undefined {
  // A text of depth n has at least 2n brackets: most messages are shorter, and need no scan.
  if (json.length <= 2 * most) return undefined;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const unit = json.charCodeAt(i);
    if (unit === QUOTE) i = endOfString(json, i);
    else if (unit === BRACKET || unit === BRACE) {
      if (++depth > most) {
        return `Arrays and objects must be nested at most ${most} levels deep`;
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

/** Returns the index of the closing quote of the string at `start`; the length for none. `indexOf` is faster than a loop: most of a message is text. */
export function endOfString(json: string, start: number): number {
  for (let at = start;;) {
    at = json.indexOf('"', at + 1);
    if (at === -1) return json.length;
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}
