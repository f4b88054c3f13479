/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Finding and making elements. Text is only ever text here: nothing of the page parses markup at run time.
 * @module
 */

/**
 * The element that index.html has under an id.
 *
 * @param id the id.
 * @param type the class it must be of.
 * @returns the element.
 * @throws {TypeError} when the page and the script do not fit together.
 */
export function byId<E extends HTMLElement>(
  id: string,
  type: new () => E,
): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new TypeError(`The page has no ${type.name} with the id '${id}'`);
  }
  return found;
}

/**
 * Makes an element.
 *
 * @param tag its tag.
 * @param className its class, or "".
 * @param children text and nodes to put into it.
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
 * Text for screen readers only.
 *
 * @param text what is said.
 * @returns a span.
 */
export function unseen(text: string): HTMLSpanElement {
  return make("span", "unseen", text);
}

/**
 * Changes an element's text, if it changes: live regions and mutation costs do not notice a repetition.
 *
 * @param element where.
 * @param text what it should read.
 * @returns whether it was another text before.
 */
export function setText(element: Element, text: string): boolean {
  if (element.textContent === text) {
    return false;
  }
  element.textContent = text;
  return true;
}
