/**
 * The list of raw frames in the drawer.
 * @module
 */
import { byId, hiddenText, keepLast, make, setText } from "../dom.ts";
import { counted, timeOfDay } from "../text_format.ts";
import { AutoScroll } from "./auto_scroll.ts";
import { DrawQueue } from "./draw_queue.ts";
import { binaryFrameText, byteLengthOf, shorten } from "./payload.ts";

/** Maximum number of rows in the document, and of queued frames. */
const MAX_FRAMES = 200;
/** A row is long: more than 60 rows a second would block the rest of the page. */
const PACING = { eachMs: 16, burstMs: 400, perFrame: 8 };

interface RawFrame {
  readonly isSent: boolean;
  readonly data: string | Uint8Array;
  readonly at: Date;
}

/** The list. It always records frames, and draws them while it is visible and not paused. */
export class FrameList {
  readonly #list = byId("frames", HTMLElement);
  readonly #count = byId("frames-count", HTMLElement);
  readonly #scroll = new AutoScroll(this.#list);
  readonly #queue = new DrawQueue<RawFrame>({
    ...PACING,
    maxWaiting: MAX_FRAMES,
    requestFrame: (callback) => requestAnimationFrame(callback),
    draw: (frames) => this.#draw(frames),
  });
  #total = 0;

  /** Sets up the button "Pause". */
  constructor() {
    this.#queue.visible = false;
    const pause = byId("pause", HTMLButtonElement);
    pause.addEventListener("click", () => {
      this.#queue.paused = !this.#queue.paused;
      pause.setAttribute("aria-pressed", String(this.#queue.paused));
    });
  }

  /**
   * Records a frame.
   *
   * @param isSent true if the page sent it.
   * @param data the data of the frame.
   */
  add(isSent: boolean, data: string | Uint8Array): void {
    this.#total++;
    this.#queue.add({ isSent, data, at: new Date() });
  }

  /**
   * Starts or stops drawing.
   *
   * @param visible true if the list is visible.
   */
  setVisible(visible: boolean): void {
    this.#queue.visible = visible;
  }

  #draw(frames: readonly RawFrame[]): void {
    setText(this.#count, this.#countText());
    if (frames.length > 0) {
      this.#list.append(...frames.map(row));
      keepLast(this.#list, MAX_FRAMES);
      this.#scroll.follow();
    }
  }

  #countText(): string {
    const parts = [counted(this.#total, "frame")];
    if (this.#queue.dropped > 0) {
      parts.push(`${this.#queue.dropped.toLocaleString("en")} not shown`);
    }
    if (this.#queue.paused) {
      parts.push("paused");
    }
    return parts.join(", ");
  }
}

function row({ isSent, data, at }: RawFrame): HTMLLIElement {
  const arrow = make("span", "arrow", isSent ? "↑" : "↓");
  arrow.ariaHidden = "true";
  const isBinary = typeof data !== "string";
  return make(
    "li",
    isSent ? "frame sent" : "frame received",
    make(
      "p",
      "frame-head",
      arrow,
      hiddenText(isSent ? "sent" : "received"),
      make("span", "", ` ${timeOfDay(at)} `),
      make(
        "span",
        "",
        `${counted(byteLengthOf(data), "byte")}${isBinary ? ", binary" : ""}`,
      ),
    ),
    make(
      "code",
      "frame-data",
      isBinary ? binaryFrameText(data) : shorten(withoutSecrets(data)),
    ),
  );
}

/** Replaces the session and the token, so that a screenshot does not reveal them: a session is enough to take it over. */
function withoutSecrets(text: string): string {
  return /^\{"type":"(?:hello|start)"/.test(text)
    ? text.replace(/"(session|token)":"[^"]*"/g, '"$1":"(secret)"')
    : text;
}
