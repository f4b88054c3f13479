/**
 * Data as words: what a binary or an unknown payload looks like on the page.
 * @module
 */

/** Longest text of a foreign payload on the page, in code units: a megabyte of JSON would freeze the layout. */
const MAX_SHOWN_LENGTH = 600;
const MAX_HEX_BYTES = 24;
const OPENING_BRACE = 0x7b;

const utf8 = new TextEncoder();

/**
 * A count with its noun.
 *
 * @param count how many.
 * @param one the noun for one.
 * @param many the noun for any other number. Default: `one` with an s.
 * @returns such as "1,240 messages".
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/**
 * The size of data.
 *
 * @param data text counts as UTF-8.
 * @returns bytes.
 */
export function sizeOf(data: string | Blob | ArrayBuffer | Uint8Array): number {
  if (typeof data === "string") {
    return utf8.encode(data).length;
  }
  return data instanceof Blob ? data.size : data.byteLength;
}

/**
 * The first bytes in hexadecimal.
 *
 * @param bytes any bytes.
 * @returns such as "68 69 …".
 */
export function hex(bytes: Uint8Array): string {
  const shown = Array.from(
    bytes.subarray(0, MAX_HEX_BYTES),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join(" ");
  return bytes.length > MAX_HEX_BYTES ? `${shown} …` : shown;
}

/**
 * A binary frame of drumbeat.v1: the length of its header in 4 bytes, the header as JSON, the payload.
 *
 * @param bytes the frame.
 * @returns the header as text, and the first bytes of the payload; any other bytes as they are.
 */
export function binaryFrame(bytes: Uint8Array): string {
  if (bytes.length >= 4) {
    const { buffer, byteOffset } = bytes;
    const end = 4 + new DataView(buffer, byteOffset).getUint32(0);
    if (end <= bytes.length && bytes[4] === OPENING_BRACE) {
      const header = new TextDecoder().decode(bytes.subarray(4, end));
      const payload = bytes.subarray(end);
      return `${hex(bytes.subarray(0, 4))} ${shortened(header)} ${
        hex(payload)
      }`;
    }
  }
  return hex(bytes);
}

/**
 * Text of any length, short enough to show.
 *
 * @param text any text.
 * @returns the text, or its beginning and how long all of it is.
 */
export function shortened(text: string): string {
  if (text.length <= MAX_SHOWN_LENGTH) {
    return text;
  }
  const beginning = text.slice(0, MAX_SHOWN_LENGTH).replace(
    /[\ud800-\udbff]$/,
    "",
  );
  return `${beginning} … (${counted(text.length, "character")} in all)`;
}
