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

/** Options of an operation that only waits. */
export interface WaitOptions {
  /** Stops the wait: the promise rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal;
}

/**
 * Waits for a promise until a signal aborts.
 *
 * @param promise the promise to wait for; the signal does not affect what it stands for.
 * @param signal the caller's signal, or `undefined`.
 * @returns a promise that settles as `promise` does, or rejects with the signal's reason.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    // Also for a signal that is aborted already: `promise` needs a handler, or its rejection would end the process.
    promise.then(resolve, reject);
    if (signal.aborted) return reject(signal.reason);
    const unwatch = watchAbort(signal, () => reject(signal.reason));
    promise.then(unwatch, unwatch);
  });
}
