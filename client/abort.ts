/**
 * Watches a signal, where there is one.
 *
 * @param signal the caller's, not aborted yet.
 * @param abort called once, when it aborts.
 * @returns stops watching: a signal may live much longer than what it was given to.
 */
export function watchAbort(
  signal: AbortSignal | undefined,
  abort: () => void,
): () => void {
  if (signal === undefined) return () => {};
  signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
