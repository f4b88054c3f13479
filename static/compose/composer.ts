/**
 * The form with the user's name and the message to send.
 * @module
 */
import { byId, submitOnEnter } from "../dom.ts";
import { cleanName, loadName, saveName } from "./name.ts";

/**
 * Sets up the form: Enter sends, Shift+Enter inserts a line break.
 *
 * @param onSubmit called with a text and a name, neither empty.
 */
export function setUpComposer(
  onSubmit: (text: string, name: string) => void,
): void {
  const form = byId("composer", HTMLFormElement);
  const text = byId("text", HTMLTextAreaElement);
  const name = byId("name", HTMLInputElement);
  let current = loadName();
  name.value = current;

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
    if (event.key === "Enter" && !event.isComposing) {
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
    if (trimmed !== "") {
      text.value = "";
      onSubmit(trimmed, current);
    }
    text.focus();
  });
}
