/**
 * Payloads as text: sizes, hexadecimal bytes, binary frames, long JSON.
 * @module
 */
import { counted, truncate } from "../text_format.ts";

/** Maximum length of a shown payload in UTF-16 code units: a megabyte of JSON would freeze the layout. */
const MAX_SHOWN_LENGTH = 600;
const MAX_HEX_BYTES = 24;
const OPENING_BRACE = 0x7b;

const utf8 = new TextEncoder();

/**
 * Measures data.
 *
 * @param data text counts as UTF-8.
 * @returns its length in bytes.
 */
export function byteLengthOf(
  data: string | Blob | ArrayBuffer | Uint8Array,
): number {
  if (typeof data === "string") {
    return utf8.encode(data).length;
  }
  return data instanceof Blob ? data.size : data.byteLength;
}

/**
 * Formats the first bytes in hexadecimal.
 *
 * @param bytes any bytes.
 * @returns for example "68 69 …".
 */
export function hex(bytes: Uint8Array): string {
  const shown = Array.from(
    bytes.subarray(0, MAX_HEX_BYTES),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join(" ");
  return bytes.length > MAX_HEX_BYTES ? `${shown} …` : shown;
}

/**
 * Formats a binary frame of drumbeat.v1: 4 bytes with the length of its header, the header as JSON, the payload.
 *
 * @param bytes the frame.
 * @returns the header as text, with the bytes around it in hexadecimal. Bytes in another format: only hexadecimal.
 */
export function binaryFrameText(bytes: Uint8Array): string {
  if (bytes.length >= 4) {
    const { buffer, byteOffset } = bytes;
    const end = 4 + new DataView(buffer, byteOffset).getUint32(0);
    if (end <= bytes.length && bytes[4] === OPENING_BRACE) {
      const header = new TextDecoder().decode(bytes.subarray(4, end));
      const payload = bytes.subarray(end);
      return `${hex(bytes.subarray(0, 4))} ${shorten(header)} ${hex(payload)}`;
    }
  }
  return hex(bytes);
}

/**
 * Shortens a text for display.
 *
 * @param text any text.
 * @returns the text, or its beginning and its length.
 */
export function shorten(text: string): string {
  return text.length <= MAX_SHOWN_LENGTH
    ? text
    : `${truncate(text, MAX_SHOWN_LENGTH)} … (${
      counted(text.length, "character")
    } in all)`;
}
