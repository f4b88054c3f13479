/**
 * The drawer's box to send anything that `send` takes.
 * @module
 */
import type { Client } from "../../client.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { counted, sizeOf } from "../feed/payload.ts";

const HINTS: Readonly<Record<string, string>> = {
  text: "JSON with a string “type”: what the lobby takes as text.",
  blob: "The text's UTF-8 bytes in a Blob: sent as a binary frame.",
  buffer: "The text's UTF-8 bytes in an ArrayBuffer: the same binary frame.",
};

/**
 * Makes the box work.
 *
 * @param client what sends.
 */
export function setUpSender(client: Client<StockMessages>): void {
  const form = byId("sender", HTMLFormElement);
  const text = byId("sender-text", HTMLTextAreaElement);
  const hint = byId("sender-hint", HTMLElement);
  const outcome = byId("sender-outcome", HTMLElement);
  const kind = (): string => String(new FormData(form).get("kind"));

  form.addEventListener("change", () => setText(hint, HINTS[kind()] ?? ""));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [data, call] = dataOf(kind(), text.value);
    try {
      client.send(data);
      outcome.dataset.state = "sent";
      outcome.textContent = `${call} took ${counted(sizeOf(data), "byte")}.`;
    } catch (error) {
      outcome.dataset.state = "failed";
      outcome.textContent = `${call} threw ${String(error)}`;
    }
  });
}

function dataOf(
  kind: string,
  text: string,
): [data: string | Blob | ArrayBuffer, call: string] {
  switch (kind) {
    case "blob":
      return [new Blob([text]), "send(blob)"];
    case "buffer":
      return [new TextEncoder().encode(text).buffer, "send(buffer)"];
    default:
      return [text, "send(text)"];
  }
}
