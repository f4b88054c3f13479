import { LogRecord } from "../../../hub/log/record.ts";

/**
 * Creates a record of a chat message, or of bytes.
 *
 * @param body the text, or the bytes.
 * @param since the time at which the hub received it, on the monotonic clock.
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

/** Creates a record for each text. */
export function records(...texts: readonly string[]): LogRecord[] {
  return texts.map((text) => record(text));
}
