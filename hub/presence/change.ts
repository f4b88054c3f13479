import type { Member } from "../../messages.ts";

/**
 * A change of a topic's presence, as of one flush.
 *
 * @typeParam P the members' data.
 */
export interface PresenceChange<P = unknown> {
  /** The topic's name. */
  readonly topic: string;
  /** The members that joined or changed their data. */
  readonly join: readonly Member<P>[];
  /** The public ids of the members that left. */
  readonly leave: readonly string[];
}
