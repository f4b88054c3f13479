/**
 * The form for the token of a server that requires one.
 * @module
 */
import { byId } from "../dom.ts";

const KEY = "drumbeat.token";

/** Returns the token that the user entered in this tab, if any. */
export function storedToken(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    // The browser forbids storage.
    return undefined;
  }
}

/** Shows the form. A submitted token is stored for this tab, and the page loads again: a closed client never reconnects. */
export function askForToken(): void {
  const form = byId("sign-in", HTMLFormElement);
  const token = byId("token", HTMLInputElement);
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      sessionStorage.setItem(KEY, token.value);
    } catch {
      // Without storage the next page has no token, and shows this form again.
    }
    location.reload();
  });
}
