import type { Member, PresenceChange } from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import { MemberSum } from "./member_budget.ts";
import type { Replication } from "./replication.ts";

/** The members of one topic's presence, and the connections that receive its changes. */
export class TopicMembers {
  readonly topic: string;
  /** The members' data by public id: one member for each session, whether it is connected or not. */
  readonly members: Map<string, unknown> = new Map();
  readonly watchers: Set<Connection> = new Set();
  /** The sum of this hub's own members of the topic. */
  readonly sum: MemberSum = new MemberSum();
  /** Watchers that need a snapshot: they are new, or had no credit for a change. */
  readonly needSnapshot: Set<Connection> = new Set();
  /** `true` if the last flush sent only the number of members. */
  isCounted = false;
  /** The exchange with the hubs that share the store; `undefined` for a hub of its own. */
  replication: Replication | undefined;
  /** The members that changed since the last flush. */
  readonly #changed = new Set<string>();
  /** The members of the last flush. */
  readonly #flushed = new Set<string>();

  constructor(topic: string) {
    this.topic = topic;
  }

  /**
   * Sets or removes a member.
   *
   * @param peer the member's public id.
   * @param state the member's data; `undefined` removes the member.
   * @returns `true` if something changed.
   */
  update(
    peer: string,
    state: { readonly data: unknown } | undefined,
  ): boolean {
    const { members } = this;
    if (state === undefined) {
      if (!members.delete(peer)) return false;
    } else {
      const { data } = state;
      const isSame = members.has(peer) &&
        JSON.stringify(members.get(peer)) === JSON.stringify(data);
      if (isSame) return false;
      members.set(peer, data);
    }
    this.#changed.add(peer);
    return true;
  }

  /** Stops sending changes to a connection. */
  unwatch(connection: Connection): void {
    this.watchers.delete(connection);
    this.needSnapshot.delete(connection);
  }

  /** Returns the change since the last call; `undefined` if there is none. */
  takeChange(): PresenceChange | undefined {
    const join: Member[] = [];
    const leave: string[] = [];
    for (const peer of this.#changed) {
      if (this.members.has(peer)) {
        this.#flushed.add(peer);
        join.push({ peer, data: this.members.get(peer) });
      } else if (this.#flushed.delete(peer)) leave.push(peer);
    }
    this.#changed.clear();
    if (join.length === 0 && leave.length === 0) return undefined;
    return { topic: this.topic, join, leave, count: this.members.size };
  }

  /** Returns every member. */
  list(): Member[] {
    return [...this.members].map(([peer, data]) => ({ peer, data }));
  }
}
