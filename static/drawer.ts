/**
 * Opens and closes "Under the hood": beside the messages where there is room, over them where there is not.
 * @module
 */

/** Where a {@linkcode Drawer} lives. */
export interface DrawerPlaces {
  readonly drawer: HTMLElement;
  /** Opens and closes it. */
  readonly toggle: HTMLButtonElement;
  /** Closes it, from inside. */
  readonly close: HTMLButtonElement;
  /** What it covers on a narrow screen. */
  readonly covered: readonly HTMLElement[];
}

/** The drawer. Whoever opened it gets the focus back. */
export class Drawer {
  readonly #places: DrawerPlaces;
  readonly #onToggle: (open: boolean) => void;
  readonly #covers = matchMedia("(width < 60rem)");

  /**
   * @param places the elements to use.
   * @param onToggle called when it opened or closed.
   */
  constructor(places: DrawerPlaces, onToggle: (open: boolean) => void) {
    this.#places = places;
    this.#onToggle = onToggle;
    places.toggle.addEventListener("click", () => this.#set(!this.open));
    places.close.addEventListener("click", () => this.#set(false));
    this.#covers.addEventListener("change", () => this.#cover());
    document.addEventListener("keydown", (event) => {
      // Escape during a composition ends the composition, and in an open list it closes the list.
      if (
        event.key === "Escape" && this.open && !event.isComposing &&
        !event.defaultPrevented
      ) {
        this.#set(false);
      }
    });
  }

  /** Whether it is open. */
  get open(): boolean {
    return !this.#places.drawer.hidden;
  }

  #set(open: boolean): void {
    const { drawer, toggle, close } = this.#places;
    const hadFocus = drawer.contains(document.activeElement);
    drawer.hidden = !open;
    document.body.classList.toggle("drawn", open);
    toggle.setAttribute("aria-expanded", String(open));
    this.#cover();
    if (open) {
      close.focus();
    } else if (hadFocus) {
      toggle.focus();
    }
    this.#onToggle(open);
  }

  #cover(): void {
    for (const element of this.#places.covered) {
      element.inert = this.open && this.#covers.matches;
    }
  }
}
