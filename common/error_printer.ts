/** The length of a window, in ms. */
const WINDOW_MS = 10_000;
/** The errors of one stage that are printed in a window. The rest is counted: the runtime prints synchronously. */
const MAX_PRINTED = 5;

interface Window {
  readonly startedAt: number;
  printed: number;
  omitted: number;
}

/**
 * Prints the errors of a program that has no `onError`, as the platform prints an exception that the program does not catch.
 * docs/decisions/0030.
 */
export class ErrorPrinter {
  readonly #clock: { now(): number };
  readonly #print: (...values: unknown[]) => void;
  readonly #windows = new Map<string, Window>();

  /**
   * @param clock returns monotonic ms.
   * @param print prints values as one message. Default: `console.error`.
   */
  constructor(
    clock: { now(): number },
    print: (...values: unknown[]) => void = (...values) =>
      console.error(...values),
  ) {
    this.#clock = clock;
    this.#print = print;
  }

  /**
   * Passes an error to the program's `onError`, which may be async, and prints its failure; without one it prints the error.
   *
   * @param error the thrown value.
   * @param stage the operation that failed.
   * @param onError the program's function.
   */
  report(
    error: unknown,
    stage: string,
    onError: ((error: unknown) => unknown) | undefined,
  ): void {
    if (onError === undefined) return this.print(error, stage);
    // Reporting a failure of `onError` to itself could loop forever.
    const failed = (error: unknown) => this.print(error, "onError");
    try {
      const result = onError(error);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /**
   * Prints an error, unless its stage has had many in the last ten seconds.
   *
   * @param error the thrown value.
   * @param stage the operation that failed.
   */
  print(error: unknown, stage: string): void {
    const now = this.#clock.now();
    let window = this.#windows.get(stage);
    let omitted = 0;
    if (window === undefined || now - window.startedAt >= WINDOW_MS) {
      omitted = window?.omitted ?? 0;
      window = { startedAt: now, printed: 0, omitted: 0 };
      this.#windows.set(stage, window);
    }
    if (window.printed === MAX_PRINTED) {
      window.omitted++;
      return;
    }
    window.printed++;
    const more = omitted === 0 ? "" : `, after ${omitted} more`;
    this.#print(`Drumbeat: error in '${stage}'${more}:`, error);
  }
}
