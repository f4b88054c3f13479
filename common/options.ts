/**
 * The one check of options: unknown names, numbers and functions. `deno run` checks no types, so a mistyped name would
 * otherwise be ignored: `serve({ authorise })` would let every client in.
 *
 * Each function takes the `action` that the options are for, which begins the error message: `Cannot serve`.
 *
 * @module
 */

/** The names of the options `T`, complete by its type. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/** The bounds of a numeric option. */
export interface NumberBounds {
  /** The smallest value. Default: 0. */
  readonly min?: number;
  /** The largest value. Default: `Infinity`. */
  readonly max?: number;
  /** True if only integers are allowed. Default: `false`. */
  readonly integer?: boolean;
}

/**
 * Rejects names that are not options, and values that are not an options object.
 *
 * @param action the action that the options are for: `Cannot serve`.
 * @param given the options as given.
 * @param known the names of all options.
 * @param group the option that `given` is the value of: `limits`. Default: none.
 * @throws {TypeError} for an unknown name, with the nearest known one, or a value that is not an object.
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkNames } from "./options.ts";
 *
 * assertThrows(
 *   () => checkNames("Cannot serve", { authorise: () => ({}) }, { authorize: true, port: true }),
 *   TypeError,
 *   "Cannot serve: unknown option 'authorise' (did you mean 'authorize'?)",
 * );
 * ```
 */
export function checkNames(
  action: string,
  given: unknown,
  known: Readonly<Record<string, unknown>>,
  group?: string,
): asserts given is object {
  if (typeof given !== "object" || given === null) {
    const what = group === undefined ? "the options" : `the option '${group}'`;
    throw new TypeError(
      `${action}: ${what} must be an object, not ${show(given)}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const path = (name: string) =>
      group === undefined ? `'${name}'` : `'${group}.${name}'`;
    const near = nearest(name, Object.keys(known));
    const hint = near === undefined ? "" : ` (did you mean ${path(near)}?)`;
    throw new TypeError(`${action}: unknown option ${path(name)}${hint}`);
  }
}

/**
 * Picks the options that another function takes, for a function whose options include those of the other.
 *
 * @typeParam T the other function's options.
 * @param given the options as given.
 * @param names the names of the other function's options.
 * @returns an object with these options alone.
 */
export function pickOptions<T extends object>(
  given: T,
  names: Readonly<Record<string, true>>,
): T {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(names, name)),
  ) as T;
}

/**
 * Fills in the defaults of a group of numeric options and checks each.
 *
 * @param action the action that the options are for.
 * @param group the option that holds the group: `limits`; `""` for the options themselves.
 * @param defaults the names of the group's options and their defaults.
 * @param given the options as given; `undefined` stands for the default.
 * @param bounds the bounds by name. Default: at least 0.
 * @returns the options with all defaults filled in.
 * @throws {TypeError} for an unknown name, or a value that is not a number.
 * @throws {RangeError} for a number out of bounds.
 */
export function numberOptions<T extends object>(
  action: string,
  group: string,
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } = {},
  bounds: { readonly [K in keyof T]?: NumberBounds } = {},
): T {
  checkNames(
    action,
    given,
    defaults as Record<string, unknown>,
    group || undefined,
  );
  const merged = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const path = group === "" ? name : `${group}.${name}`;
    checkNumber(action, path, value, bounds[name as keyof T]);
    merged[name] = value;
  }
  return merged as T;
}

/**
 * Checks a numeric option.
 *
 * @param action the action that the option is for.
 * @param name the option's name.
 * @param value the value as given.
 * @param bounds the bounds. Default: at least 0.
 * @throws {TypeError} when the value is not a number.
 * @throws {RangeError} when it is `NaN` or out of bounds.
 */
export function checkNumber(
  action: string,
  name: string,
  value: unknown,
  bounds: NumberBounds = {},
): asserts value is number {
  const { min = 0, max = Infinity, integer = false } = bounds;
  const kind = integer ? "an integer" : "a number";
  if (typeof value !== "number") {
    throw new TypeError(
      `${action}: the option '${name}' must be ${kind}, not ${show(value)}`,
    );
  }
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) {
    return;
  }
  const range = max === Infinity
    ? `of at least ${min}`
    : `from ${min} to ${max}`;
  throw new RangeError(
    `${action}: the option '${name}' must be ${kind} ${range}, not ${value}`,
  );
}

/**
 * Checks an option that is a function, if it is given.
 *
 * @param action the action that the option is for.
 * @param name the option's name.
 * @param value the value as given.
 * @throws {TypeError} when the value is neither `undefined` nor a function.
 */
export function checkFunction(
  action: string,
  name: string,
  value: unknown,
): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(
    `${action}: the option '${name}' must be a function, not ${show(value)}`,
  );
}

/**
 * Checks an option that is `true` or `false`, if it is given.
 *
 * @param action the action that the option is for.
 * @param name the option's name.
 * @param value the value as given.
 * @throws {TypeError} when the value is neither `undefined` nor a boolean.
 */
export function checkBoolean(
  action: string,
  name: string,
  value: unknown,
): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(
    `${action}: the option '${name}' must be true or false, not ${show(value)}`,
  );
}

/**
 * Checks an option that has one of a few values.
 *
 * @param action the action that the option is for.
 * @param name the option's name.
 * @param value the value as given.
 * @param allowed the values it may have.
 * @throws {TypeError} for any other value.
 */
export function checkOneOf<T extends string>(
  action: string,
  name: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if ((allowed as readonly unknown[]).includes(value)) return;
  const names = allowed.map((one) => `'${one}'`).join(", ");
  throw new TypeError(
    `${action}: the option '${name}' must be one of ${names}, not ${
      show(value)
    }`,
  );
}

/** Returns a short form of a value for an error message, without the contents of an object, which may be secret. */
function show(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`;
  }
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : "an object";
}

/** Returns the known name with the fewest edits, if it is close enough to be the intended one. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(3, Math.ceil(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Computes the Levenshtein distance, with one row of its table. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced);
    }
    row = next;
  }
  return row[b.length]!;
}
