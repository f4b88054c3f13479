/**
 * Signals within this time after the first one are part of it: `deno task` passes on a signal that its process group, and
 * with it the server, has received already.
 */
const ONE_SIGNAL_MS = 300;

/** The actions of {@linkcode StopSignals}. */
export interface StopActions {
  /** Drains the server and ends the process. It is called once. */
  drain(): void;
  /** Ends the process at once. */
  end(): void;
}

/** The signals that end a server: the first one drains it, a later one ends it at once. */
export class StopSignals {
  readonly #actions: StopActions;
  readonly #now: () => number;
  #firstAt: number | undefined;

  /**
   * Creates the state before the first signal.
   *
   * @param actions see {@linkcode StopActions}.
   * @param now returns a time in ms that only grows. Default: `performance.now`.
   */
  constructor(
    actions: StopActions,
    now: () => number = () => performance.now(),
  ) {
    this.#actions = actions;
    this.#now = now;
  }

  /** Handles a signal: SIGINT, SIGTERM and SIGHUP count alike. */
  receive(): void {
    const now = this.#now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#actions.drain();
    } else if (now - this.#firstAt > ONE_SIGNAL_MS) this.#actions.end();
  }
}
