import type { Clock } from "../clock.ts";

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
  readonly #clock: Pick<Clock, "now">;
  readonly #print: (...values: unknown[]) => void;
  readonly #windows = new Map<string, Window>();

  /**
   * @param clock the hub's time.
   * @param print prints values as one message. Default: `console.error`.
   */
  constructor(
    clock: Pick<Clock, "now">,
    print: (...values: unknown[]) => void = (...values) =>
      console.error(...values),
  ) {
    this.#clock = clock;
    this.#print = print;
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
