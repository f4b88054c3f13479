/** Options of {@linkcode debounce}. */
export interface DebounceOptions {
  /** Drops the pending call. */
  signal?: AbortSignal;
}
/** What {@linkcode debounce} returns. */
export interface DebouncedFunction<T extends Array<unknown>> {
  (...args: T): void;
  /** Drops the pending call. */
  clear(): void;
  /** Makes the pending call now. */
  flush(): void;
  /** Whether a call is pending. */
  readonly pending: boolean;
}
/** Delays calls of `fn` until `wait` milliseconds passed without another. */
export function debounce<T extends Array<unknown>>(
  fn: (this: DebouncedFunction<T>, ...args: T) => void,
  wait: number,
  options?: DebounceOptions,
): DebouncedFunction<T>;
