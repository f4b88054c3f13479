/** An unknown flag, or a flag with an invalid value. The message is one line without a full stop. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** Reads a flag that has one of a few values; `undefined` if the flag is absent. */
export function readChoice<T extends string>(
  flag: string,
  choices: readonly T[],
  value: string | undefined,
): T | undefined {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined || value === undefined) return found;
  const list = choices.map((choice) => `'${choice}'`).join(" or ");
  throw new FlagError(`--${flag} must be ${list}, not '${value}'`);
}

/**
 * Reads an integer.
 *
 * @param name the flag or the environment variable, for the error message.
 * @param value the value as given.
 * @param bounds the smallest and the largest integer.
 */
export function readInteger(
  name: string,
  value: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const integer = Number(value);
  if (/^\d{1,9}$/.test(value) && integer >= min && integer <= max) {
    return integer;
  }
  throw new FlagError(
    `${name} must be an integer from ${min} to ${max}, not '${value}'`,
  );
}

/** Reads a duration such as `500`, `500ms` or `5s`, and returns it in ms. */
export function readDuration(flag: string, value: string): number {
  const [, number, unit] = /^(\d{1,7})(ms|s)?$/.exec(value) ?? [];
  if (number !== undefined) return Number(number) * (unit === "s" ? 1000 : 1);
  throw new FlagError(
    `--${flag} must be a time such as 500ms or 5s, not '${value}'`,
  );
}
