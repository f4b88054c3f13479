import type { Frame, WireLimits } from "../../messages.ts";
import { IDENTITY_BYTES } from "../../messages/wire.ts";

/** The limits that apply if `start` names none: the defaults of the first hubs. */
const LIMITS: WireLimits = {
  messageBytes: 64 * 1024,
  windowBytes: 256 * 1024,
  inflight: 256,
  topicsPerPeer: 128,
  messagesPerSecond: Infinity,
  bytesPerSecond: Infinity,
};

/**
 * Reads the limits of `start`.
 *
 * @param limits any values, as the server may be hostile. A value that is not a number of at least 1 is replaced by the
 * default; a rate that is not a number above 0 counts as unlimited.
 * @returns the limits to keep.
 */
export function readLimits(
  limits: Readonly<Partial<Record<keyof WireLimits, unknown>>>,
): WireLimits {
  const limit = (name: keyof WireLimits): number => {
    const value = limits[name];
    return typeof value === "number" && value >= 1 ? value : LIMITS[name];
  };
  return {
    messageBytes: limit("messageBytes"),
    windowBytes: limit("windowBytes"),
    inflight: limit("inflight"),
    topicsPerPeer: limit("topicsPerPeer"),
    messagesPerSecond: rate(limits.messagesPerSecond),
    bytesPerSecond: rate(limits.bytesPerSecond),
  };
}

/**
 * Returns the largest size of a frame that the server accepts, in bytes.
 *
 * @param limits the limits of the last server; `undefined` before the first connection.
 * @param type the type of the frame.
 */
export function maxFrameBytes(
  limits: WireLimits | undefined,
  type: Frame["type"],
): number {
  return type === "hello" || type === "renew"
    ? Math.max(limits?.messageBytes ?? 0, IDENTITY_BYTES)
    : limits?.messageBytes ?? Infinity;
}

function rate(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : Infinity;
}
