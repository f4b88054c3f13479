/**
 * What the server's `start` frame says about the lobby: how much is about to come.
 * @module
 */
import { LOBBY, parseObject } from "../../messages.ts";

/** The part of a `start` that the page uses. */
export interface Greeting {
  /** The server's time, ms since 1970: records taken in before it were not published just now. */
  readonly time: number;
  /** How many records of the lobby follow; undefined: the server does not say. */
  readonly following: number | undefined;
  /** Whether the lobby goes on where this page left it. */
  readonly recovered: boolean;
}

/**
 * Reads a frame that came in.
 *
 * @param data its data.
 * @returns the greeting, or undefined: it is another frame.
 */
export function greetingOf(
  data: string | Uint8Array<ArrayBuffer>,
): Greeting | undefined {
  // `type` is the first key: no other frame has to be parsed.
  if (typeof data !== "string" || !data.startsWith('{"type":"start"')) {
    return undefined;
  }
  const parsed = parseObject(data);
  if (!parsed.ok) {
    return undefined;
  }
  const { time, topics } = parsed.value as {
    time?: unknown;
    topics?: Record<string, Record<string, unknown>>;
  };
  const { offset, head, recovered } = topics?.[LOBBY] ?? {};
  return {
    time: typeof time === "number" ? time : Infinity,
    following: typeof offset === "number" && typeof head === "number"
      ? head - offset
      : undefined,
    recovered: recovered === true,
  };
}
