/**
 * Reports the exception of a program's handler as the platform reports an exception in an event listener, so that the
 * other handlers still run.
 *
 * @param error the thrown value.
 */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
