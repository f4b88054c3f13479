/**
 * Where a person says who they are and what they want to say.
 * @module
 */
import { byId } from "../dom.ts";
import { recallName, rememberName, tidyName } from "./name.ts";

/**
 * Makes the message box work: Enter sends, Shift+Enter is a new line.
 *
 * @param say called with a text and a name, neither empty.
 */
export function setUpComposer(
  say: (text: string, name: string) => void,
): void {
  const form = byId("composer", HTMLFormElement);
  const text = byId("text", HTMLTextAreaElement);
  const name = byId("name", HTMLInputElement);
  let chosen = recallName();
  name.value = chosen;

  const choose = (): void => {
    const tidy = tidyName(name.value);
    if (tidy !== "" && tidy !== chosen) {
      chosen = tidy;
      rememberName(chosen);
    }
    // Nobody is nameless: an empty field goes back to what it was.
    name.value = chosen;
  };
  name.addEventListener("change", choose);
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      choose();
      text.focus();
    }
  });
  text.addEventListener("keydown", (event) => {
    // During a composition Enter accepts the word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose();
    const words = text.value.trim();
    if (words !== "") {
      text.value = "";
      say(words, chosen);
    }
    text.focus();
  });
}
