import { parseObject, utf8Length } from "../../messages.ts";
import type { Body } from "./outgoing_message.ts";

/** A value that is sent as bytes. */
export type Binary = ArrayBuffer | ArrayBufferView | Blob;

/** Returns true for a value that is sent as bytes. */
export function isBinary(data: unknown): data is Binary {
  return ArrayBuffer.isView(data) || isBlob(data) ||
    tagOf(data) === "ArrayBuffer";
}

// By tag, not by `instanceof`: a buffer or a Blob of an iframe belongs to another realm.
function isBlob(data: unknown): data is Blob {
  const tag = tagOf(data);
  return (tag === "Blob" || tag === "File") &&
    typeof (data as { arrayBuffer?: unknown }).arrayBuffer === "function";
}

function tagOf(data: unknown): string {
  return Object.prototype.toString.call(data).slice("[object ".length, -1);
}

/** Returns the body for the outbox: a copy, because the program may change its buffer before the message is sent. */
export function bodyOf(
  data: string | Binary,
): { readonly body: Body | Promise<Body>; readonly bytes: number } {
  if (typeof data === "string") return { body: data, bytes: utf8Length(data) };
  if (isBlob(data)) {
    const body = data.arrayBuffer().then((buffer) => new Uint8Array(buffer));
    // If the outbox refuses the message, nothing awaits the body, and its rejection would end the process.
    body.catch(() => {});
    return { body, bytes: data.size };
  }
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return { body: new Uint8Array(bytes), bytes: bytes.length };
}

/**
 * Reads the text that `send` received in the dialect `v1`.
 *
 * @param text the text as a plain peer sends it.
 * @returns `"ping"` if it requests a pong; otherwise it is a message for the lobby.
 * @throws {SyntaxError} for text that is not a JSON object with a string `type`.
 */
export function readSentText(text: string): "ping" | "message" {
  const parsed = parseObject(text);
  if (!parsed.ok) throw new SyntaxError(`Cannot send: ${parsed.message}`);
  return parsed.value.type === "ping" ? "ping" : "message";
}
