/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Helpers to find, create and change elements. Content is set as text only: the page never parses markup at run time, so
 * a message cannot inject any.
 * @module
 */

/**
 * Finds an element of index.html.
 *
 * @param id the element's id.
 * @param type the class of the element, for example `HTMLButtonElement`.
 * @returns the element.
 * @throws {TypeError} when index.html has no element of that class with that id.
 */
export function byId<E extends HTMLElement>(
  id: string,
  type: new () => E,
): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new TypeError(
      `Cannot set up the page: it has no ${type.name} with the id '${id}'`,
    );
  }
  return found;
}

/**
 * Creates an element.
 *
 * @param tag the tag name.
 * @param className the class attribute, or "".
 * @param children text and nodes to append.
 * @returns the element.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") {
    element.className = className;
  }
  element.append(...children);
  return element;
}

/**
 * Creates text for screen readers only.
 *
 * @param text the text.
 * @returns a span that is visually hidden.
 */
export function hiddenText(text: string): HTMLSpanElement {
  return make("span", "visually-hidden", text);
}

/**
 * Sets an element's text if it differs: writing the same text again would cost a layout.
 *
 * @param element the element to change.
 * @param text the new text.
 * @returns true if the text changed.
 */
export function setText(element: Element, text: string): boolean {
  if (element.textContent === text) {
    return false;
  }
  element.textContent = text;
  return true;
}

/**
 * Removes the first children of a list until at most `max` remain.
 *
 * @param list the list.
 * @param max the maximum number of children.
 */
export function keepLast(list: Element, max: number): void {
  while (list.childElementCount > max) {
    list.firstElementChild?.remove();
  }
}

/**
 * Returns true if a key belongs to an input method that composes a word: Enter then accepts the word, and Escape ends the
 * composition. Safari sends that Enter after the composition, with `isComposing` false, and marks it with the key code 229.
 *
 * @param event the event of the key.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/**
 * Makes Enter submit a form. Shift+Enter inserts a line break.
 *
 * @param form the form.
 * @param field a text area of the form.
 */
export function submitOnEnter(
  form: HTMLFormElement,
  field: HTMLTextAreaElement,
): void {
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
