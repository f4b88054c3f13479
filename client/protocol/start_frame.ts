import {
  type ErrorCode,
  isCount,
  type Joined,
  type WireLimits,
} from "../../messages.ts";
import { DrumbeatError } from "../../messages.ts";

/**
 * What `start` says of one topic.
 *
 * @param answer anything at all, from a hostile server. Nothing, or nonsense, counts as a refusal.
 * @returns the place of the cursor, or why there is none.
 */
export function readJoined(answer: unknown): Joined | DrumbeatError {
  const { error, epoch, offset, head = offset, recovered }: Partial<
    Record<keyof Joined | "error", unknown>
  > = typeof answer === "object" && answer !== null ? answer : {};
  if (typeof epoch === "string" && isCount(offset) && isCount(head)) {
    return { epoch, offset, head, recovered: recovered === true };
  }
  const code = typeof error === "string" ? error as ErrorCode : "unavailable";
  return new DrumbeatError(code, `The server refused the topic: ${code}`);
}

/** What holds where `start` names no limit: the defaults of the first hubs. */
const LIMITS: WireLimits = {
  messageBytes: 64 * 1024,
  windowBytes: 256 * 1024,
  inflight: 256,
  topicsPerPeer: 128,
  messagesPerSecond: Infinity,
  bytesPerSecond: Infinity,
};

/**
 * The limits that `start` states.
 *
 * @param stated anything at all, from a hostile server. What is not a number of at least 1 is the default; a rate that is
 * not a number above 0 is none, as of a server that knows of no rates.
 * @returns the limits to keep.
 */
export function readLimits(
  stated: Readonly<Partial<Record<keyof WireLimits, unknown>>>,
): WireLimits {
  const limit = (name: keyof WireLimits): number => {
    const value = stated[name];
    return typeof value === "number" && value >= 1 ? value : LIMITS[name];
  };
  return {
    messageBytes: limit("messageBytes"),
    windowBytes: limit("windowBytes"),
    inflight: limit("inflight"),
    topicsPerPeer: limit("topicsPerPeer"),
    messagesPerSecond: rate(stated.messagesPerSecond),
    bytesPerSecond: rate(stated.bytesPerSecond),
  };
}

function rate(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : Infinity;
}
