/**
 * Returns a value as the server will read it, for the check of the contract: `toJSON`, getters and values that JSON does not
 * have may change it.
 *
 * @param value the data of a request or of presence.
 * @returns what JSON makes of it; `undefined` if JSON leaves it out.
 */
export function asJson(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}
