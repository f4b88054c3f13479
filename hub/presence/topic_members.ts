import type { Member } from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import type { PresenceChange } from "./change.ts";
import type { PresenceLog } from "./replication.ts";

/** Who is in one topic, and who is told of it. */
export class Room {
  readonly topic: string;
  /** Data by the peer's public id: one entry for each session, whatever its connection does. */
  readonly members: Map<string, unknown> = new Map();
  readonly watchers: Set<Connection> = new Set();
  /** Watchers that were told nothing yet, or had no credit when they would have been. */
  readonly behind: Set<Connection> = new Set();
  /** Whether the last flush told their number only. */
  counted = false;
  /** Where the hubs that share the store tell each other of it. */
  log: PresenceLog | undefined;
  /** Who changed since the last flush. */
  readonly #changed = new Set<string>();
  /** Who was there at the last flush. */
  readonly #known = new Set<string>();

  constructor(topic: string) {
    this.topic = topic;
  }

  /**
   * Notes what is true of a member now.
   *
   * @param said what it says of itself; absent: it is not there.
   * @returns whether that is new.
   */
  show(peer: string, said: { readonly data: unknown } | undefined): boolean {
    const { members } = this;
    if (said === undefined) {
      if (!members.delete(peer)) return false;
    } else {
      const { data } = said;
      const same = members.has(peer) &&
        JSON.stringify(members.get(peer)) === JSON.stringify(data);
      if (same) return false;
      members.set(peer, data);
    }
    this.#changed.add(peer);
    return true;
  }

  /** A connection is told nothing any more. */
  unwatch(connection: Connection): void {
    this.watchers.delete(connection);
    this.behind.delete(connection);
  }

  /** What is new since it was last asked for. */
  takeChange(): PresenceChange | undefined {
    const join: Member[] = [];
    const leave: string[] = [];
    for (const peer of this.#changed) {
      if (this.members.has(peer)) {
        this.#known.add(peer);
        join.push({ peer, data: this.members.get(peer) });
      } else if (this.#known.delete(peer)) leave.push(peer);
    }
    this.#changed.clear();
    if (join.length === 0 && leave.length === 0) return undefined;
    return { topic: this.topic, join, leave };
  }

  /** Everybody. */
  list(): Member[] {
    return [...this.members].map(([peer, data]) => ({ peer, data }));
  }
}
