/**
 * The status line: the state of the connection, counting down by itself.
 * @module
 */
import { make, setText } from "../dom.ts";
import { type Connection, statusWords } from "./status_text.ts";

/** The status line of the page. */
export class Status {
  readonly #place: HTMLElement;
  readonly #word = make("span", "word");
  readonly #detail = make("span", "detail");
  readonly #read: () => Connection;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param place where it stands.
   * @param read what it says.
   */
  constructor(place: HTMLElement, read: () => Connection) {
    this.#place = place;
    this.#read = read;
    place.replaceChildren(this.#word, " ", this.#detail);
  }

  /** Says what is the case now, and counts down by itself while waiting. */
  show(): void {
    clearTimeout(this.#timer);
    const connection = this.#read();
    const now = Date.now();
    const { word, detail } = statusWords(connection, now);
    this.#place.dataset.state = connection.state;
    setText(this.#word, word);
    setText(this.#detail, detail);
    if (connection.state === "waiting") {
      // At the next full second of what is left: the number changes when it is true.
      const left = Math.max(0, (connection.retryAt ?? now) - now);
      this.#timer = setTimeout(() => this.show(), left % 1000 + 20);
    }
  }
}
