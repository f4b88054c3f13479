/**
 * Keeps a scroller at its newest line for a reader who is there, and leaves alone one who reads further up.
 * @module
 */

/** How far from the bottom still counts as there: fractional pixels, and a thumb that does not quite reach. */
const NEAR_PX = 32;

/** Follows the end of a scroller. */
export class Follower {
  readonly #scroller: HTMLElement;
  readonly #onMove: (atEnd: boolean) => void;
  #atEnd = true;

  /**
   * @param scroller the element that scrolls.
   * @param onMove called when the reader leaves the end or comes back to it.
   */
  constructor(
    scroller: HTMLElement,
    onMove: (atEnd: boolean) => void = () => {},
  ) {
    this.#scroller = scroller;
    this.#onMove = onMove;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    // A phone's keyboard, or a drawer, takes room away: whoever was at the end stays there.
    new ResizeObserver(() => this.settle()).observe(scroller);
  }

  /** Whether the reader is at the end. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Call after lines were added: goes along, if the reader was at the end. */
  settle(): void {
    if (this.#atEnd) {
      this.toEnd();
    }
  }

  /** Goes to the end, and stays there. */
  toEnd(): void {
    this.#set(true);
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #look(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#set(scrollHeight - scrollTop - clientHeight <= NEAR_PX);
  }

  #set(atEnd: boolean): void {
    if (this.#atEnd !== atEnd) {
      this.#atEnd = atEnd;
      this.#onMove(atEnd);
    }
  }
}
