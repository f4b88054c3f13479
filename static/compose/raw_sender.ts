/**
 * The drawer's form that passes text, a Blob or an ArrayBuffer to the client's `send`.
 * @module
 */
import type { Client } from "../../client.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText, submitOnEnter } from "../dom.ts";
import { byteLengthOf } from "../feed/payload.ts";
import { counted } from "../text_format.ts";

interface Kind {
  readonly hint: string;
  readonly call: string;
  readonly data: (text: string) => string | Blob | ArrayBuffer;
}

/** The kinds of data, by the value of their radio button. */
const KINDS: Readonly<Record<string, Kind>> = {
  text: {
    hint: "A JSON object with a string “type”.",
    call: "send(text)",
    data: (text) => text,
  },
  blob: {
    hint: "The text's UTF-8 bytes as a Blob, sent as a binary frame.",
    call: "send(blob)",
    data: (text) => new Blob([text]),
  },
  buffer: {
    hint: "The text's UTF-8 bytes as an ArrayBuffer, sent as a binary frame.",
    call: "send(buffer)",
    data: (text) => new TextEncoder().encode(text).buffer,
  },
};

/**
 * Sets up the form.
 *
 * @param client sends the data.
 */
export function setUpRawSender(client: Client<StockMessages>): void {
  const form = byId("raw-sender", HTMLFormElement);
  const text = byId("raw-text", HTMLTextAreaElement);
  const hint = byId("raw-hint", HTMLElement);
  const result = byId("raw-result", HTMLElement);
  const kind = (): Kind | undefined =>
    KINDS[String(new FormData(form).get("kind"))];

  form.addEventListener("change", () => setText(hint, kind()?.hint ?? ""));
  submitOnEnter(form, text);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { call, data } = kind() ?? KINDS.text!;
    try {
      const sent = data(text.value);
      client.send(sent);
      result.dataset.state = "sent";
      result.textContent = `${call} accepted ${
        counted(byteLengthOf(sent), "byte")
      }.`;
    } catch (error) {
      result.dataset.state = "failed";
      result.textContent = `${call} threw ${String(error)}`;
    }
  });
}
