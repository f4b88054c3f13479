/**
 * The list of the lobby's messages: drawn once per frame, bounded, and honest about what it did not draw.
 * @module
 */
import { setText } from "../dom.ts";
import { Follower } from "./auto_scroll.ts";
import { note } from "./line.ts";
import { Pace } from "./frame_pacing.ts";
import { counted } from "./payload.ts";

/** Lines in the document. */
const MAX_LINES = 200;
/** Lines that wait to be drawn. Fewer than fit, so that the word about those that were not drawn stays with the rest. */
const MAX_WAITING = 150;
/**
 * Faster than this nobody reads, and laying out every line that comes would leave no time for typing, scrolling and the
 * trace: at 5,000 messages/s without a graphics processor, 24 frames a second were left. At first, the lines that are there
 * when the page opens are drawn at once, about a screen of them in a frame.
 */
const PACE = { eachMs: 4, burstMs: 200, perFrame: 24 };

/** Where a {@linkcode Feed} lives. */
export interface FeedPlaces {
  readonly list: HTMLElement;
  readonly scroller: HTMLElement;
  /** Shown to a reader who is not at the end. */
  readonly newer: HTMLButtonElement;
}

/** A line, or what makes it when it is its turn: in a flood, most lines are never made. */
export type Line = HTMLElement | (() => HTMLElement);

/** The list. */
export class Feed {
  readonly #places: FeedPlaces;
  readonly #follower: Follower;
  #queue: Line[] = [];
  #skipped = 0;
  #notDrawn = 0;
  #unread = 0;
  #frame = 0;
  readonly #pace = new Pace(PACE);

  /** @param places the elements to use. */
  constructor(places: FeedPlaces) {
    this.#places = places;
    this.#follower = new Follower(places.scroller, (atEnd) => {
      if (atEnd) {
        this.#unread = 0;
        this.#showUnread();
      }
    });
    places.newer.addEventListener("click", () => {
      this.#follower.toEnd();
      // The button is about to hide: the focus would fall to the top of the page.
      places.scroller.focus();
    });
  }

  /**
   * Adds a line at the end, or moves it there.
   *
   * @param line an `li`, which its maker may go on changing.
   */
  add(line: Line): void {
    if (typeof line !== "function") {
      const queued = this.#queue.indexOf(line);
      if (queued !== -1) {
        this.#queue.splice(queued, 1);
      }
    }
    this.#queue.push(line);
    // Nothing is drawn in a hidden tab, and nothing may pile up there either.
    if (this.#queue.length > MAX_WAITING) {
      // What is made already is the reader's own, or a word about what is missing: that is worth more.
      const oldest = this.#queue.findIndex((one) => typeof one === "function");
      this.#queue.splice(Math.max(0, oldest), 1);
      this.#skipped++;
      this.#notDrawn++;
    }
    this.#plan();
  }

  /** How many lines were too fast to be drawn, in all. */
  get notDrawn(): number {
    return this.#notDrawn;
  }

  /** The reader's own message: brings them to the end. */
  toEnd(): void {
    this.#follower.toEnd();
  }

  #plan(): void {
    this.#frame ||= requestAnimationFrame((now) => {
      this.#frame = 0;
      const lines = this.#pace.take(this.#queue, now);
      if (lines.length > 0) this.#draw(lines);
      if (this.#queue.length > 0) this.#plan();
    });
  }

  #draw(lines: Line[]): void {
    const { list } = this.#places;
    let fresh = 0;
    if (this.#skipped > 0) {
      lines.unshift(note(
        `Too fast to read: ${counted(this.#skipped, "message")} not drawn`,
        "skipped",
      ));
      this.#skipped = 0;
    }
    for (const one of lines) {
      const line = typeof one === "function" ? one() : one;
      const was = line.parentElement === list;
      const after = was ? line.nextElementSibling : null;
      list.append(line);
      group(line);
      group(after);
      fresh += was ? 0 : 1;
    }
    while (list.childElementCount > MAX_LINES) {
      list.firstElementChild?.remove();
    }
    group(list.firstElementChild);
    if (!this.#follower.atEnd) {
      this.#unread += fresh;
      this.#showUnread();
    }
    this.#follower.settle();
  }

  #showUnread(): void {
    const { newer } = this.#places;
    newer.hidden = this.#unread === 0;
    setText(newer, counted(this.#unread, "new message"));
  }
}

/** A line of the same sender, soon after the one above, does not repeat the name to the eye. */
function group(line: Element | null): void {
  if (!(line instanceof HTMLElement)) {
    return;
  }
  const above = line.previousElementSibling;
  line.classList.toggle(
    "follows",
    above instanceof HTMLElement && line.dataset.group !== undefined &&
      above.dataset.group === line.dataset.group,
  );
}
