/**
 * The form with the user's name and the message to send.
 * @module
 */
import { byId, isComposing, submitOnEnter } from "../dom.ts";
import { cleanName, loadName, saveName } from "./name.ts";

/** The form. */
export interface Composer {
  /** Shows why no message can be sent. From then on the form keeps its text. */
  disable(reason: string): void;
}

/**
 * Sets up the form: Enter sends, Shift+Enter inserts a line break.
 *
 * @param onSubmit called with a text and a name, neither empty.
 * @returns the form.
 */
export function setUpComposer(
  onSubmit: (text: string, name: string) => void,
): Composer {
  const form = byId("composer", HTMLFormElement);
  const text = byId("text", HTMLTextAreaElement);
  const name = byId("name", HTMLInputElement);
  const problem = byId("send-problem", HTMLElement);
  let current = loadName();
  name.value = current;
  // A browser may reset the fields of a page that it kept for the Back button.
  addEventListener("pageshow", () => name.value ||= current);
  // WebKit shows the focus of a text area that a link leads to, but sends the keys elsewhere.
  byId("skip", HTMLAnchorElement).addEventListener("click", (event) => {
    event.preventDefault();
    text.focus();
  });

  const applyName = (): void => {
    const cleaned = cleanName(name.value);
    if (cleaned !== "" && cleaned !== current) {
      current = cleaned;
      saveName(current);
    }
    // An empty field gets the current name back: each message has a name.
    name.value = current;
  };
  name.addEventListener("change", applyName);
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !isComposing(event)) {
      event.preventDefault();
      applyName();
      text.focus();
    }
  });
  submitOnEnter(form, text);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    applyName();
    const trimmed = text.value.trim();
    if (trimmed !== "" && problem.hidden) {
      text.value = "";
      onSubmit(trimmed, current);
    }
    text.focus();
  });
  return {
    disable(reason) {
      problem.hidden = false;
      problem.textContent = reason;
    },
  };
}
