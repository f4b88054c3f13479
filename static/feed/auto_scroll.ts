/**
 * Automatic scrolling: keeps the end of a list visible while the user is at the end, and stops when the user scrolls up.
 * @module
 */

/** A user within this distance of the end counts as being at the end: scroll positions are fractional. */
const NEAR_PX = 32;

/** Scrolls one element. */
export class AutoScroll {
  readonly #scroller: HTMLElement;
  readonly #onChange: (atEnd: boolean) => void;
  #atEnd = true;
  #scrollTop = 0;

  /**
   * Starts to follow the end.
   *
   * @param scroller the element that scrolls.
   * @param onChange called when the user moved away from the end, and when they returned to it.
   * @param content the element whose size is followed, if its lines may grow after they were added.
   */
  constructor(
    scroller: HTMLElement,
    onChange: (atEnd: boolean) => void = () => {},
    content?: HTMLElement,
  ) {
    this.#scroller = scroller;
    this.#onChange = onChange;
    scroller.addEventListener("scroll", () => this.#measure(), {
      passive: true,
    });
    // A phone's keyboard and the drawer reduce the height: the end must stay visible.
    const resized = new ResizeObserver(() => this.follow());
    resized.observe(scroller);
    if (content !== undefined) {
      resized.observe(content);
    }
  }

  /** True while the user is at the end. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Scrolls to the end if the user was there. Call it after the list changed. */
  follow(): void {
    if (this.#atEnd) {
      this.toEnd();
    }
  }

  /** Scrolls to the end, and follows it. */
  toEnd(): void {
    this.#set(true);
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #measure(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const isNear = scrollHeight - scrollTop - clientHeight <= NEAR_PX;
    // A line that grows moves the end away, too: only the user moves up.
    if (isNear || scrollTop < this.#scrollTop) {
      this.#set(isNear);
    }
    this.#scrollTop = scrollTop;
  }

  #set(atEnd: boolean): void {
    if (this.#atEnd !== atEnd) {
      this.#atEnd = atEnd;
      this.#onChange(atEnd);
    }
  }
}
