import { parseObject, utf8Length } from "../../messages.ts";
import type { Body } from "./outgoing_message.ts";

/** What can be sent as bytes. */
export type Binary = ArrayBuffer | ArrayBufferView | Blob;

/** Whether a value is sent as bytes. */
export function isBinary(data: unknown): data is Binary {
  return data instanceof Blob || data instanceof ArrayBuffer ||
    ArrayBuffer.isView(data);
}

/** A body as the outbox takes it: a copy, for what was given may change before it is sent. */
export function bodyOf(
  data: string | Binary,
): { readonly body: Body | Promise<Body>; readonly bytes: number } {
  if (typeof data === "string") return { body: data, bytes: utf8Length(data) };
  if (data instanceof Blob) {
    const body = data.arrayBuffer().then((buffer) => new Uint8Array(buffer));
    // Nobody waits for it where the outbox refuses it.
    body.catch(() => {});
    return { body, bytes: data.size };
  }
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return { body: new Uint8Array(bytes), bytes: bytes.length };
}

/**
 * The text that `send` was given in the v1 dialect.
 *
 * @param text what a plain peer would send.
 * @returns `"ping"`: it asks for a pong; otherwise it is a message for the lobby.
 * @throws {SyntaxError} when it is not a JSON object with a string `type`.
 */
export function readSent(text: string): "ping" | "message" {
  const parsed = parseObject(text);
  if (!parsed.ok) {
    throw new SyntaxError(`Cannot send this text: ${parsed.message}`);
  }
  return parsed.value.type === "ping" ? "ping" : "message";
}
