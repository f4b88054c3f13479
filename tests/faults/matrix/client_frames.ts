import { concat, encodeFrame } from "../../raw_peer.ts";

const encoder = new TextEncoder();

/** Encodes a text frame of a client. */
export function textFrame(text: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(1, encoder.encode(text));
}

/** Encodes text and binary frames of a client, to be sent in one write. */
export function joinFrames(
  frames: readonly (string | Uint8Array<ArrayBuffer>)[],
): Uint8Array<ArrayBuffer> {
  return concat(
    frames.map((data) =>
      typeof data === "string" ? textFrame(data) : encodeFrame(2, data)
    ),
  );
}
