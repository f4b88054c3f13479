/** A position in a topic's log. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** One thing that a subscriber received. */
export type Observation =
  /** The cursor's first position. */
  | { readonly kind: "subscribed"; readonly at: Position }
  | {
    readonly kind: "record";
    readonly at: Position;
    readonly from: string;
    readonly body: string;
  }
  /** The records from `from` to `to` are lost. Without `to`, the log was replaced: the cursor continues at `at`. */
  | {
    readonly kind: "gap";
    readonly from: number;
    readonly to: number | undefined;
    readonly at: Position;
  };

/** Everything that one subscription received, in order and across all connections of its client. */
export class Stream {
  readonly subscriber: string;
  readonly topic: string;
  readonly observations: Observation[] = [];
  /** True after {@linkcode Stream.unsubscribe}: the subscriber need not reach the end of the log. */
  isUnsubscribed = false;
  /** The cursor's position after the last observation. */
  at: Position | undefined;
  readonly #intern: (text: string) => string;
  #waiting: { isReached(at: Position): boolean; resolve(): void }[] = [];
  readonly #first = Promise.withResolvers<void>();

  constructor(
    subscriber: string,
    topic: string,
    intern: (text: string) => string = (text) => text,
  ) {
    this.subscriber = subscriber;
    this.topic = topic;
    this.#intern = intern;
  }

  /** Records the cursor's first position. */
  subscribed(at: Position): void {
    this.#observe({ kind: "subscribed", at: { ...at } }, at);
  }

  /** Records a delivered record. */
  record(epoch: string, offset: number, from: string, body: string): void {
    this.#observe({
      kind: "record",
      at: { epoch: this.#intern(epoch), offset },
      from: this.#intern(from),
      body: this.#intern(body),
    }, { epoch, offset: offset + 1 });
  }

  /** Records an announced gap. @param at the cursor's position after it. */
  gap(from: number, to: number | undefined, at: Position): void {
    this.#observe({ kind: "gap", from, to, at: { ...at } }, at);
  }

  /** Resolves after the first observation. */
  get firstObservation(): Promise<void> {
    return this.#first.promise;
  }

  /** Resolves when the cursor has reached a position, or the subscription has ended. */
  reached({ epoch, offset }: Position): Promise<void> {
    return this.#until((at) => at.epoch === epoch && at.offset >= offset);
  }

  /** Resolves when the cursor is in another epoch than the given one. */
  epochChanged(epoch: string): Promise<void> {
    return this.#until((at) => at.epoch !== epoch);
  }

  /** Records the end of the subscription. */
  unsubscribe(): void {
    this.isUnsubscribed = true;
    this.#notify();
  }

  #observe(observation: Observation, at: Position): void {
    if (this.observations.length === 0) this.#first.resolve();
    this.observations.push(observation);
    this.at = at;
    if (this.#waiting.length > 0) this.#notify();
  }

  #until(isReached: (at: Position) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isReached, resolve });
      this.#notify();
    });
  }

  #notify(): void {
    const { at, isUnsubscribed } = this;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (isUnsubscribed || (at !== undefined && one.isReached(at))) {
        one.resolve();
      } else this.#waiting.push(one);
    }
  }
}
