/** Rejects with the signal's reason when the signal aborts before the promise settles. */
export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
