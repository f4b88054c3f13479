import { LogRecord } from "../../../hub/log/record.ts";

/**
 * A record of a chat message, or of bytes.
 *
 * @param body the text, or the bytes.
 * @param since when the hub took it in, on its clock.
 */
export function record(
  body: string | Uint8Array<ArrayBuffer>,
  since = 0,
): LogRecord {
  return new LogRecord(
    "peer-a",
    1_700_000_000_000,
    since,
    typeof body === "string"
      ? JSON.stringify({ type: "chat", text: body })
      : body,
  );
}

/** As many records as there are texts. */
export function records(...texts: readonly string[]): LogRecord[] {
  return texts.map((text) => record(text));
}
