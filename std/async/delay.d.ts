/** Options of {@linkcode delay}. */
export interface DelayOptions {
  /** Ends the wait early, rejecting with the signal's reason. */
  signal?: AbortSignal;
  /** Whether the timer keeps the process alive. */
  persistent?: boolean;
}
/** Resolves after `ms` milliseconds. */
export function delay(ms: number, options?: DelayOptions): Promise<void>;
