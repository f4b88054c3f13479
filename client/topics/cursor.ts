import type { Position, Subscribed } from "../../messages.ts";

/** A range of missing records, from an offset to another one (exclusive). Without `to`, their number is unknown. */
export interface Missing {
  readonly from: number;
  readonly to?: number;
}

/**
 * The position of this client in one topic's log. It determines what a hello requests, what is missing in the answer, whether
 * a batch has the expected offset, and how many records arrived that were published while this client was offline.
 */
export class Cursor {
  /** Two fields instead of a {@linkcode Position}, which would be a new object for each record. */
  #epoch: string | undefined;
  #offset = 0;
  /** The records below `head` were published while this client was offline; `count` of them have arrived. */
  #missed: { readonly head: number; count: number } | undefined;

  /** The epoch and the next expected offset; `undefined` before the first answer. */
  get position(): Position | undefined {
    return this.#epoch === undefined
      ? undefined
      : { epoch: this.#epoch, offset: this.#offset };
  }

  /**
   * Moves the cursor to the start that the server selected.
   *
   * @param start the start in `start` or `subscribed`.
   * @returns the missing records, if they are known now: the server's log is another one, or it ends before the cursor.
   * For a cursor below the log's oldest record, a `gap` frame follows.
   */
  moveTo({ epoch, offset, head }: Subscribed): Missing | undefined {
    const before = this.position;
    if (
      before !== undefined && before.epoch === epoch && before.offset <= head
    ) {
      // An interrupted resume continues to count.
      this.#missed = { head, count: this.#missed?.count ?? 0 };
      return undefined;
    }
    this.#epoch = epoch;
    this.#offset = offset;
    this.#missed = undefined;
    return before && { from: before.offset };
  }

  /** Returns true if `offset` is the next expected one. */
  expects(offset: number): boolean {
    return this.#epoch !== undefined && this.#offset === offset;
  }

  /** Moves the cursor behind the record at `offset`: the next one, or a later one if the records between were replaced. */
  advance(offset: number): void {
    if (this.#missed !== undefined && offset < this.#missed.head) {
      this.#missed.count++;
    }
    this.#offset = offset + 1;
  }

  /**
   * Moves the cursor behind a gap.
   *
   * @returns `false` if the gap does not start at the next expected offset, or is empty: the cursor stays.
   */
  skip(from: number, to: number): boolean {
    if (!this.expects(from) || to <= from) return false;
    this.#offset = to;
    return true;
  }

  /**
   * Returns the number of records that were published while this client was offline, once, when all of them have arrived;
   * otherwise `undefined`.
   */
  takeCaughtUp(): number | undefined {
    if (this.#missed === undefined || this.#offset < this.#missed.head) {
      return undefined;
    }
    const { count } = this.#missed;
    this.#missed = undefined;
    return count > 0 ? count : undefined;
  }
}
