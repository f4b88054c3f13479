/**
 * The raw frames, both ways, in the drawer.
 * @module
 */
import { make, setText, unseen } from "../dom.ts";
import { Follower } from "./auto_scroll.ts";
import { timeOfDay } from "./line.ts";
import { Pace } from "./frame_pacing.ts";
import { binaryFrame, counted, shortened, sizeOf } from "./payload.ts";

const MAX_FRAMES = 200;
/** A row is long: laying out sixty a second leaves time for the rest, and nobody reads faster. */
const PACE = { eachMs: 16, burstMs: 400, perFrame: 8 };

/** A frame as it went by. */
interface Seen {
  readonly out: boolean;
  readonly data: string | Uint8Array;
  readonly at: Date;
}

/** Where a {@linkcode Frames} lives. */
export interface FramesPlaces {
  readonly list: HTMLElement;
  readonly pause: HTMLButtonElement;
  readonly count: HTMLElement;
}

/** The list of frames: kept always, drawn while it can be seen and is not paused. */
export class Frames {
  readonly #places: FramesPlaces;
  readonly #follower: Follower;
  #waiting: Seen[] = [];
  #total = 0;
  #notDrawn = 0;
  readonly #pace = new Pace(PACE);
  #visible = false;
  #paused = false;
  #frame = 0;

  /** @param places the elements to use. */
  constructor(places: FramesPlaces) {
    this.#places = places;
    this.#follower = new Follower(places.list);
    places.pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      places.pause.setAttribute("aria-pressed", String(this.#paused));
      this.#plan();
    });
  }

  /**
   * A frame went by.
   *
   * @param out whether the page sent it.
   * @param data what was in it.
   */
  add(out: boolean, data: string | Uint8Array): void {
    this.#total++;
    this.#waiting.push({ out, data, at: new Date() });
    // What could not be shown is not kept either: paused, or shut, this is all there is.
    if (this.#waiting.length > MAX_FRAMES) {
      this.#waiting.shift();
      this.#notDrawn++;
    }
    this.#plan();
  }

  /**
   * Starts or stops drawing.
   *
   * @param visible whether the list is on the screen.
   */
  watch(visible: boolean): void {
    this.#visible = visible;
    this.#plan();
  }

  #plan(): void {
    if (this.#visible) {
      this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
    }
  }

  #draw(now: number): void {
    this.#frame = 0;
    const { list, count } = this.#places;
    setText(count, this.#words());
    if (this.#paused) {
      return;
    }
    const rows = this.#pace.take(this.#waiting, now);
    if (this.#waiting.length > 0) {
      this.#plan();
    }
    if (rows.length === 0) {
      return;
    }
    list.append(...rows.map(row));
    while (list.childElementCount > MAX_FRAMES) {
      list.firstElementChild?.remove();
    }
    this.#follower.settle();
  }

  #words(): string {
    const words = [counted(this.#total, "frame")];
    if (this.#notDrawn > 0) {
      words.push(`${this.#notDrawn.toLocaleString("en")} not drawn`);
    }
    if (this.#paused) {
      words.push("paused");
    }
    return words.join(", ");
  }
}

function row({ out, data, at }: Seen): HTMLLIElement {
  const arrow = make("span", "arrow", out ? "↑" : "↓");
  arrow.ariaHidden = "true";
  const binary = typeof data !== "string";
  return make(
    "li",
    out ? "frame out" : "frame in",
    make(
      "p",
      "about",
      arrow,
      unseen(out ? "sent" : "received"),
      make("span", "", ` ${timeOfDay(at)} `),
      make(
        "span",
        "size",
        `${counted(sizeOf(data), "byte")}${binary ? ", binary" : ""}`,
      ),
    ),
    make(
      "code",
      "data",
      binary ? binaryFrame(data) : shortened(withoutSecrets(data)),
    ),
  );
}

/** Whoever has the session's secret can take the session over: it is not for screenshots. */
function withoutSecrets(text: string): string {
  return /^\{"type":"(?:hello|start)"/.test(text)
    ? text.replace(/"(session|token)":"[^"]*"/g, '"$1":"(secret)"')
    : text;
}
