/** Replaces `console.error` until it is disposed. */
export function captureErrors(): Disposable & {
  readonly printed: unknown[][];
} {
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...values) => void printed.push(values);
  return {
    printed,
    [Symbol.dispose]: () => {
      console.error = error;
    },
  };
}
