/**
 * Reports what a handler of the user threw, as the platform reports an exception in an event listener: delivery goes on.
 *
 * @param error what was thrown.
 */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
