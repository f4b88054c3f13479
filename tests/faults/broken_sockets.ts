/**
 * Server sockets with one defect each, for negative controls.
 *
 * @module
 */
import type { NearSocket } from "../hub/socket_pair.ts";

/** Drops every `gap` frame of the hub. */
export function dropGaps(near: NearSocket): void {
  const send = near.send.bind(near);
  near.send = (data) => {
    if (typeof data !== "string" || !data.startsWith('{"type":"gap"')) {
      send(data);
    }
  };
}

/** Drops every `gap` frame of the hub and renumbers the records after it, so that the client notices nothing. */
export function hideGaps(near: NearSocket): void {
  const send = near.send.bind(near);
  const hidden = new Map<string, number>();
  near.send = (data) => {
    if (typeof data !== "string") return send(data);
    const frame = JSON.parse(data);
    const skipped = hidden.get(frame.topic) ?? 0;
    if (frame.type === "gap") {
      hidden.set(frame.topic, skipped + frame.to - frame.from);
    } else if (frame.type === "batch") {
      send(JSON.stringify({ ...frame, offset: frame.offset - skipped }));
    } else send(data);
  };
}
