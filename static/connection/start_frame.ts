/**
 * The parts of the server's `start` frame that concern the lobby.
 * @module
 */
import { LOBBY, parseObject } from "../../messages.ts";

/** The start of a connection, as far as the page uses it. */
export interface LobbyStart {
  /** The server's time, ms since 1970. Records with an earlier `at` are history. `Infinity` if the frame lacks it. */
  readonly time: number;
  /** The number of stored records that the server sends next. Undefined if the frame does not contain it. */
  readonly pending: number | undefined;
  /** True if the server has every record since the page's last position. */
  readonly recovered: boolean;
}

/**
 * Returns true for the frame that announces a planned restart of the server.
 *
 * @param data the data of the frame.
 */
export function isGoaway(data: string | Uint8Array<ArrayBuffer>): boolean {
  return typeof data === "string" && data.startsWith('{"type":"goaway"');
}

/**
 * Reads a received frame.
 *
 * @param data the data of the frame.
 * @returns the start, or undefined for every other frame.
 */
export function readStart(
  data: string | Uint8Array<ArrayBuffer>,
): LobbyStart | undefined {
  // `type` is the first key of every frame, so the others need not be parsed.
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
    pending: typeof offset === "number" && typeof head === "number"
      ? head - offset
      : undefined,
    recovered: recovered === true,
  };
}
