/**
 * The drawer "Connection details": beside the messages on a wide screen, over them on a narrow one.
 * @module
 */
import { byId, isComposing } from "./dom.ts";

/** Opens and closes the drawer. When it closes, the focus returns to the button that opened it. */
export class Drawer {
  readonly #drawer = byId("drawer", HTMLElement);
  readonly #toggle = byId("drawer-toggle", HTMLButtonElement);
  readonly #close = byId("drawer-close", HTMLButtonElement);
  /** The elements that the drawer covers on a narrow screen. */
  readonly #covered = ["top", "heartbeat", "lobby"]
    .map((id) => byId(id, HTMLElement));
  readonly #isNarrow = matchMedia("(width < 60rem)");
  readonly #onToggle: (isOpen: boolean) => void;

  /** @param onToggle called after the drawer opened or closed. */
  constructor(onToggle: (isOpen: boolean) => void) {
    this.#onToggle = onToggle;
    this.#toggle.addEventListener("click", () => this.#set(!this.isOpen));
    this.#close.addEventListener("click", () => this.#set(false));
    this.#isNarrow.addEventListener("change", () => this.#setInert());
    document.addEventListener("keydown", (event) => {
      // Escape also ends the composition of a word, and closes an open list of a select: both come first.
      if (
        event.key === "Escape" && this.isOpen && !isComposing(event) &&
        !event.defaultPrevented
      ) {
        this.#set(false);
      }
    });
  }

  /** True while the drawer is open. */
  get isOpen(): boolean {
    return !this.#drawer.hidden;
  }

  #set(open: boolean): void {
    const hadFocus = this.#drawer.contains(document.activeElement);
    this.#drawer.hidden = !open;
    document.body.classList.toggle("drawer-open", open);
    this.#toggle.setAttribute("aria-expanded", String(open));
    this.#setInert();
    if (open) {
      this.#close.focus();
    } else if (hadFocus) {
      this.#toggle.focus();
    }
    this.#onToggle(open);
  }

  /** Keeps the focus out of elements that the drawer covers. */
  #setInert(): void {
    for (const element of this.#covered) {
      element.inert = this.isOpen && this.#isNarrow.matches;
    }
  }
}
