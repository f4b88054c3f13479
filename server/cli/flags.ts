/** A flag that does not exist, or whose value is none. The message says so in one line, without the full stop. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** @returns the value, which is one of some words, or `undefined` where the flag is not given. */
export function oneOf<T extends string>(
  flag: string,
  words: readonly T[],
  value: string | undefined,
): T | undefined {
  const found = words.find((word) => word === value);
  if (found !== undefined || value === undefined) return found;
  const list = words.map((word) => `'${word}'`).join(" or ");
  throw new FlagError(`--${flag} is ${list}, not '${value}'`);
}

/** @returns the value, which is a whole number between two others. */
export function countOf(
  flag: string,
  value: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const count = Number(value);
  if (/^\d{1,9}$/.test(value) && count >= from && count <= to) return count;
  throw new FlagError(
    `--${flag} is a number from ${from} to ${to}, not '${value}'`,
  );
}

/** @returns the ms of a time such as `500`, `500ms` or `5s`. */
export function timeOf(flag: string, value: string): number {
  const [, number, unit] = /^(\d{1,7})(ms|s)?$/.exec(value) ?? [];
  if (number !== undefined) return Number(number) * (unit === "s" ? 1000 : 1);
  throw new FlagError(
    `--${flag} is a time such as 500ms or 5s, not '${value}'`,
  );
}
