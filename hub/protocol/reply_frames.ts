import { encode, utf8Length } from "../../messages.ts";

/** The maximum bytes of the data of a reply that is sent in one frame. */
const MAX_DATA_BYTES = 63 * 1024;
/** The length of a part in UTF-16 units: escaped and in UTF-8, each is three bytes at most. */
const PART_LENGTH = 20_000;

/**
 * Encodes a reply: in one frame, or, if its data is larger than about 64 KiB, in several frames with parts of its JSON text.
 *
 * @param id the id of the request.
 * @param data the data.
 * @returns the frames. Each is encoded when it is taken.
 * @throws {TypeError} for data that JSON cannot represent.
 */
export function replyFrames(id: number, data: unknown): Iterable<string> {
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined || utf8Length(text) <= MAX_DATA_BYTES) {
    return [encode({ type: "reply", id, data })];
  }
  return partFrames(id, text);
}

function* partFrames(id: number, text: string): Generator<string> {
  for (let from = 0; from < text.length; from += PART_LENGTH) {
    // A surrogate pair that is split here is escaped, and joined again by the client.
    const part = text.slice(from, from + PART_LENGTH);
    const more = from + PART_LENGTH < text.length;
    yield encode({ type: "reply", id, part, ...(more ? { more } : {}) });
  }
}
