import type { Member } from "./frames.ts";

/**
 * A change of a topic's presence, for `topic.presence.on` of a client and `onPresence` of a hub.
 *
 * @typeParam P the members' data.
 */
export interface PresenceChange<P = unknown> {
  /** The topic's name. */
  readonly topic: string;
  /** The members that joined, and those whose data changed. */
  readonly join: readonly Member<P>[];
  /** The public ids of the members that left. */
  readonly leave: readonly string[];
  /** The number of members after the change. */
  readonly count: number;
}
