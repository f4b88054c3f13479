import type { Joined, Position } from "../../messages.ts";

/** Records that are missing: from which offset to which (exclusive). Without `to`, their number is unknown. */
export interface Missing {
  readonly from: number;
  readonly to?: number;
}

/**
 * A client's place in one topic's log. It says what to ask for at a reconnect, what is missing in the answer, whether a
 * batch is the one expected, and how many records came through the resume.
 */
export class Cursor {
  /** Apart, and not one {@linkcode Position}: that would be a new one for each record. */
  #epoch: string | undefined;
  #offset = 0;
  /** A resume under way: records below `head` were published while this client was away. */
  #resume: { readonly head: number; count: number } | undefined;

  /** The epoch, and the next offset wanted; `undefined` before the first answer. */
  get position(): Position | undefined {
    return this.#epoch === undefined
      ? undefined
      : { epoch: this.#epoch, offset: this.#offset };
  }

  /**
   * The server put the cursor somewhere.
   *
   * @param at what `start` or `subscribed` said.
   * @returns what is lost for good, where that is known now: the server's log is another one, or shorter than what was
   * seen of it. A cursor that only fell off the tail is told so by a `gap` frame.
   */
  place({ epoch, offset, head }: Joined): Missing | undefined {
    const wanted = this.position;
    if (
      wanted !== undefined && wanted.epoch === epoch && wanted.offset <= head
    ) {
      // A resume that was cut goes on counting.
      this.#resume = { head, count: this.#resume?.count ?? 0 };
      return undefined;
    }
    this.#epoch = epoch;
    this.#offset = offset;
    this.#resume = undefined;
    return wanted && { from: wanted.offset };
  }

  /** Whether these are the records that come next. */
  expects(offset: number): boolean {
    return this.#epoch !== undefined && this.#offset === offset;
  }

  /** The record at `offset` was taken in: the next one, or one after those that it replaced. */
  advance(offset: number): void {
    if (this.#resume !== undefined && offset < this.#resume.head) {
      this.#resume.count++;
    }
    this.#offset = offset + 1;
  }

  /**
   * The server said that records are lost.
   *
   * @returns whether that is possible: a gap starts at the next offset wanted and is not empty.
   */
  skip(from: number, to: number): boolean {
    if (!this.expects(from) || to <= from) return false;
    this.#offset = to;
    return true;
  }

  /** How many records the resume brought, once, when it is through; otherwise `undefined`. */
  recovered(): number | undefined {
    if (this.#resume === undefined || this.#offset < this.#resume.head) {
      return undefined;
    }
    const { count } = this.#resume;
    this.#resume = undefined;
    return count > 0 ? count : undefined;
  }
}
