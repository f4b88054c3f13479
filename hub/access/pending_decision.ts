/**
 * Thrown while an async rule has not decided yet. The caller tries again once it has: a frame is then handled from its
 * start, and the frames of the same peer behind it wait, so that their order is kept.
 */
export class PendingDecision extends Error {
  override readonly name = "PendingDecision";
  /** Resolves when the rule has decided. It never rejects. */
  readonly decided: Promise<void>;

  constructor(decided: Promise<void>) {
    super("The rule has not decided yet");
    this.decided = decided;
  }
}

/**
 * Calls a function that may throw a {@linkcode PendingDecision}, again after the decision, and passes its result on.
 *
 * @param decide has no effect before the decision.
 * @param then receives the result, in the same turn if no rule is async.
 * @param failed receives the error of either function after a decision; before it, the error is thrown.
 */
export function whenDecided<T>(
  decide: () => T,
  then: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  let value: T;
  try {
    value = decide();
  } catch (error) {
    if (!(error instanceof PendingDecision)) throw error;
    error.decided.then(() => whenDecided(decide, then, failed)).catch(failed);
    return;
  }
  then(value);
}

/** The same as a promise. It rejects with the first error of the function. */
export async function decided<T>(decide: () => T): Promise<T> {
  for (;;) {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof PendingDecision)) throw error;
      await error.decided;
    }
  }
}
