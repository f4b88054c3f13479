/**
 * Input actions of the W3C WebDriver protocol. WebDriver BiDi and WebDriver classic use the same.
 * @module
 */

/** The code points of keys without a character (WebDriver section 17.4.2). */
const KEYS: Readonly<Record<string, string>> = {
  Backspace: "\ue003",
  Tab: "\ue004",
  Enter: "\ue007",
  Shift: "\ue008",
  Escape: "\ue00c",
};

/** One action sequence of an input device. */
export type InputActions = Readonly<Record<string, unknown>>;

/** Returns the actions that type a text. */
export function typeActions(text: string): InputActions {
  return keyboard([...text].flatMap((value) => [
    { type: "keyDown", value },
    { type: "keyUp", value },
  ]));
}

/** Returns the actions that press one key, such as "Shift+Tab". */
export function pressActions(key: string): InputActions {
  const values = key.split("+").map((name) => KEYS[name] ?? name);
  return keyboard([
    ...values.map((value) => ({ type: "keyDown", value })),
    ...values.toReversed().map((value) => ({ type: "keyUp", value })),
  ]);
}

/** Returns the actions that click a point of the viewport. */
export function clickActions(x: number, y: number): InputActions {
  return {
    type: "pointer",
    id: "mouse",
    actions: [
      { type: "pointerMove", x, y, origin: "viewport" },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ],
  };
}

function keyboard(actions: readonly unknown[]): InputActions {
  return { type: "key", id: "keyboard", actions };
}

/** Returns the source that scrolls an element into view and returns its center. */
export function centerOf(selector: string): string {
  return `(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    if (element === null) throw new Error("No element: " + ${
    JSON.stringify(selector)
  });
    element.scrollIntoView({ block: "nearest" });
    const { x, y, width, height } = element.getBoundingClientRect();
    return [Math.round(x + width / 2), Math.round(y + height / 2)];
  })()`;
}

/** Returns the source of the rendered text of an element. */
export function textOf(selector: string): string {
  return `document.querySelector(${JSON.stringify(selector)}).innerText`;
}
