/**
 * The list of the lobby's messages. It is bounded, and shows how many messages it did not draw.
 * @module
 */
import { byId, keepLast, setText } from "../dom.ts";
import { counted } from "../text_format.ts";
import { AutoScroll } from "./auto_scroll.ts";
import { DrawQueue } from "./draw_queue.ts";
import { note } from "./line.ts";

/** Maximum number of queued lines. */
const MAX_WAITING = 200;
/** Maximum number of lines in the document: more than one full queue, so that the notes above its lines stay visible. */
const MAX_LINES = MAX_WAITING + 20;
/**
 * Drawing every line would block typing, scrolling and the trace: at 5,000 messages/s without a graphics
 * processor, 24 frames a second remained. The burst draws the history at once when the page opens.
 */
const PACING = { eachMs: 4, burstMs: 200, perFrame: 24 };

/** A line, or a function that creates it when it is drawn: in a flood, most lines are never created. */
export type Line = HTMLElement | (() => HTMLElement);

/** The list. */
export class Feed {
  readonly #list = byId("feed", HTMLElement);
  readonly #newMessages = byId("new-messages", HTMLButtonElement);
  readonly #scroll: AutoScroll;
  readonly #queue = new DrawQueue<Line>({
    ...PACING,
    maxWaiting: MAX_WAITING,
    requestFrame: (callback) => requestAnimationFrame(callback),
    draw: (lines) => this.#draw(lines),
    // A created line is the user's own message or a note: it must not be dropped before messages of others.
    isDroppable: (line) => typeof line === "function",
  });
  #reportedDropped = 0;
  #unread = 0;

  /** Looks up the elements of the list. */
  constructor() {
    const scroller = byId("scroller", HTMLElement);
    this.#scroll = new AutoScroll(scroller, (atEnd) => {
      if (atEnd) {
        this.#setUnread(0);
      }
    }, this.#list);
    this.#newMessages.addEventListener("click", () => {
      this.#scroll.toEnd();
      // The button hides itself, and the focus would move to the top of the page.
      scroller.focus();
    });
  }

  /**
   * Adds a line at the end, or moves it there.
   *
   * @param line an `li`. Its creator may change it later.
   */
  add(line: Line): void {
    this.#queue.add(line);
  }

  /** The number of messages that were dropped because too many waited to be drawn, in all. */
  get notShown(): number {
    return this.#queue.dropped;
  }

  /** Scrolls to the end. */
  toEnd(): void {
    this.#scroll.toEnd();
  }

  #draw(lines: Line[]): void {
    if (lines.length === 0) {
      return;
    }
    const dropped = this.#queue.dropped - this.#reportedDropped;
    if (dropped > 0) {
      this.#reportedDropped += dropped;
      const text = `Not shown: ${
        counted(dropped, "message")
      }. More than ${MAX_WAITING} waited to be drawn, and the page shows the newest ones.`;
      lines.unshift(note(text, "skipped"));
    }
    const list = this.#list;
    let added = 0;
    for (const item of lines) {
      const line = typeof item === "function" ? item() : item;
      const isMoved = line.parentElement === list;
      const after = isMoved ? line.nextElementSibling : null;
      list.append(line);
      group(line);
      group(after);
      // A note is not a message.
      added += isMoved || !line.matches(".line") ? 0 : 1;
    }
    keepLast(list, MAX_LINES);
    group(list.firstElementChild);
    if (!this.#scroll.atEnd) {
      this.#setUnread(this.#unread + added);
    }
    this.#scroll.follow();
  }

  #setUnread(count: number): void {
    this.#unread = count;
    this.#newMessages.hidden = count === 0;
    setText(this.#newMessages, counted(count, "new message"));
  }
}

/** Groups a line with the line above if both have the same sender and the same minute: the name is shown once. */
function group(line: Element | null): void {
  if (!(line instanceof HTMLElement)) {
    return;
  }
  const above = line.previousElementSibling;
  line.classList.toggle(
    "grouped",
    above instanceof HTMLElement && line.dataset.group !== undefined &&
      above.dataset.group === line.dataset.group,
  );
}
