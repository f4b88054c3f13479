/**
 * Calls a function when a signal aborts.
 *
 * @param signal a signal that is not aborted yet, or `undefined`.
 * @param abort called at most once, when the signal aborts.
 * @returns removes the listener: a signal may outlive the operation by hours, and would keep it in memory.
 */
export function watchAbort(
  signal: AbortSignal | undefined,
  abort: () => void,
): () => void {
  if (signal === undefined) return () => {};
  signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
