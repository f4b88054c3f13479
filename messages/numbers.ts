import { endOfString } from "./nesting.ts";

/** The digits of the smallest integers that a double does not hold. */
const LONG = 16;
/** The numbers above the range of a double have an exponent of three digits, unless they have hundreds of digits. */
const LARGE = /\d[eE]\+?\d{3}/;
/** The longest part of a number that an error contains. */
const MAX_SHOWN = 32;

/**
 * Finds a number that JavaScript would change: an integer that a double rounds to another one, or a number above the range of
 * a double, which `JSON.stringify` writes as `null`.
 *
 * An integer passes if `JSON.stringify` writes the same digits, so every number that a JavaScript program sends passes. A
 * fraction passes: its digits are approximate in every program with IEEE 754 numbers.
 *
 * @param json valid JSON.
 * @returns the cause why the text is rejected, as a sentence, or `undefined`.
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { numberProblem } from "./numbers.ts";
 *
 * assertEquals(numberProblem('{"id":9007199254740992}'), undefined);
 * assertEquals(numberProblem('{"id":"12345678901234567890"}'), undefined);
 * assertMatch(numberProblem('{"id":9007199254740993}') ?? "", /as text/);
 * ```
 */
export function numberProblem(json: string): string | undefined {
  // Most messages have neither, and need no scan.
  if (!LARGE.test(json) && !hasLongRun(json)) return undefined;
  for (let i = 0; i < json.length; i++) {
    const unit = json.charCodeAt(i);
    if (unit === QUOTE) i = endOfString(json, i);
    else if (isDigit(unit)) {
      const start = json.charCodeAt(i - 1) === MINUS ? i - 1 : i;
      while (isPartOfNumber(json.charCodeAt(i))) i++;
      if (isChanged(json.slice(start, i))) {
        const shown = json.slice(start, Math.min(i, start + MAX_SHOWN));
        return `The number ${shown} does not fit into a double: send it as text`;
      }
    }
  }
  return undefined;
}

/** Returns true for a run of that many digits, in a string or not. It reads one character of each sixteen of the rest. */
function hasLongRun(json: string): boolean {
  for (let i = LONG - 1; i < json.length; i += LONG) {
    if (!isDigit(json.charCodeAt(i))) continue;
    let start = i;
    while (isDigit(json.charCodeAt(start - 1))) start--;
    while (isDigit(json.charCodeAt(i))) i++;
    if (i - start >= LONG) return true;
  }
  return false;
}

function isChanged(number: string): boolean {
  const value = Number(number);
  if (Number.isSafeInteger(value)) return false;
  if (!Number.isFinite(value)) return true;
  return /^-?\d+$/.test(number) && String(value) !== number;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isExponent(unit: number): boolean {
  return unit === 0x65 || unit === 0x45;
}

function isPartOfNumber(unit: number): boolean {
  return isDigit(unit) || unit === POINT || unit === PLUS || unit === MINUS ||
    isExponent(unit);
}
