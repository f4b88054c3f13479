/**
 * The status line: the state of the connection, with a countdown while the client waits.
 * @module
 */
import { byId, make, setText } from "../dom.ts";
import { type ConnectionStatus, statusText } from "./status_text.ts";

/** The status line of the page. */
export class StatusLine {
  readonly #line = byId("status", HTMLElement);
  readonly #word = make("span", "word");
  readonly #detail = make("span", "detail");
  readonly #read: () => ConnectionStatus;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param read returns the current status. */
  constructor(read: () => ConnectionStatus) {
    this.#read = read;
    this.#line.replaceChildren(this.#word, " ", this.#detail);
    this.update();
  }

  /** The word that is shown, such as "online". */
  get word(): string {
    return this.#word.textContent;
  }

  /** Shows the current status. While the client waits, it repeats that each second. */
  update(): void {
    clearTimeout(this.#timer);
    const status = this.#read();
    const now = Date.now();
    const { word, detail } = statusText(status, now);
    this.#line.dataset.state = status.state;
    setText(this.#word, word);
    setText(this.#detail, detail);
    if (status.state === "waiting") {
      // The next update is just after the next full second of the remaining time, so that the number is right.
      const remaining = Math.max(0, (status.retryAt ?? now) - now);
      this.#timer = setTimeout(() => this.update(), remaining % 1000 + 20);
    }
  }
}
