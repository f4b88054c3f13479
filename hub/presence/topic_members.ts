import {
  type Member,
  type PresenceChange,
  utf8Length,
} from "../../messages.ts";
import type { Connection } from "../peers/connection.ts";
import { MemberSum } from "./member_budget.ts";
import type { Replication } from "./replication.ts";
import { Snapshot } from "./snapshot.ts";

/** A topic with more members than this has a count instead of a list. */
const MAX_LISTED = 1000;
/** The maximum bytes of a frame with a change. */
const MAX_CHANGE_BYTES = 64 * 1024;

/** The members of one topic's presence, and the connections that receive its changes. */
export class TopicMembers {
  readonly topic: string;
  /** The members' data by public id: one member for each session, whether it is connected or not. */
  readonly members: Map<string, unknown> = new Map();
  readonly watchers: Set<Connection> = new Set();
  /** The sum of this hub's own members of the topic. */
  readonly sum: MemberSum = new MemberSum();
  /** The lists on their way to watchers: they are new, or had no credit for a change. */
  readonly snapshots: Map<Connection, Snapshot> = new Map();
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

  /** Starts to send changes to a connection, and first the list. */
  watch(connection: Connection): void {
    this.watchers.add(connection);
    this.snapshots.set(connection, new Snapshot(this.members));
  }

  /** Stops sending changes to a connection. */
  unwatch(connection: Connection): void {
    this.watchers.delete(connection);
    this.snapshots.delete(connection);
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

  /**
   * Sends the members to every watcher that is ready: the change to watchers that have the list, and the list to the others.
   *
   * @param change the change since the last flush, if there is one.
   */
  send(change: PresenceChange | undefined): void {
    const { topic, members, snapshots } = this;
    const isCounted = members.size > MAX_LISTED;
    // A watcher that received a count last has no list to change.
    const hasList = !isCounted && !this.isCounted;
    this.isCounted = isCounted;
    const texts = new Map<string, string>();
    const encodeMember = (peer: string): string => {
      let text = texts.get(peer);
      if (text === undefined) {
        text = JSON.stringify({ peer, data: members.get(peer) });
        texts.set(peer, text);
      }
      return text;
    };
    let update: string | undefined;
    for (const watcher of this.watchers) {
      let snapshot = snapshots.get(watcher);
      if (snapshot === undefined) {
        if (change === undefined) continue;
        if (hasList && watcher.isReady) {
          update ??= encodeChange(change);
          if (update !== "") {
            watcher.sendLong(update);
            continue;
          }
        }
        snapshots.set(watcher, snapshot = new Snapshot(members));
      } else if (change !== undefined) {
        for (const { peer } of change.join) snapshot.changed(peer);
        for (const peer of change.leave) snapshot.changed(peer);
      }
      if (isCounted) {
        snapshot.restart();
        if (!watcher.isReady) continue;
        snapshots.delete(watcher);
        watcher.sendControl(
          JSON.stringify({ type: "presence", topic, count: members.size }),
        );
        continue;
      }
      while (watcher.isReady && !watcher.isDetached) {
        const { text, bytes, isLast } = snapshot.next(topic, encodeMember);
        if (isLast) snapshots.delete(watcher);
        watcher.sendLong(text, bytes);
        if (isLast) break;
      }
    }
  }
}

/** Encodes a change. @returns an empty text if the change is too large for one frame: then the list is sent. */
function encodeChange({ topic, join, leave }: PresenceChange): string {
  const text = JSON.stringify({ type: "presence", topic, join, leave });
  return utf8Length(text) > MAX_CHANGE_BYTES ? "" : text;
}
