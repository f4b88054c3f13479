/** Thrown by {@linkcode retry} when the attempts are used up; the last failure is its cause. */
export class RetryError extends Error {
  constructor(cause: unknown, attempts: number);
}
/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** Growth of the wait between attempts (2). */
  multiplier?: number;
  /** Longest wait in ms (60,000). */
  maxTimeout?: number;
  /** Most attempts (5). */
  maxAttempts?: number;
  /** First wait in ms (1,000). */
  minTimeout?: number;
  /** Random part of each wait, 0 to 1 (1). */
  jitter?: number;
  /** Whether to try again after this error. */
  isRetriable?: (err: unknown) => boolean;
  /** Ends the attempts early. */
  signal?: AbortSignal;
}
/** Calls `fn` until it succeeds. */
export function retry<T>(
  fn: (() => Promise<T>) | (() => T),
  options?: RetryOptions,
): Promise<T>;
