import { type PresenceChange, topicNameProblem } from "../../messages.ts";
import type { Flush } from "../log/flush.ts";
import type { Connection } from "../peers/connection.ts";
import type { DetachCause } from "../peers/connections.ts";
import { graceTimeAfter } from "./grace_time.ts";
import { MemberBudget, type MemberLimits } from "./member_budget.ts";
import {
  Replication,
  type ReplicationContext,
  TICK_MS,
} from "./replication.ts";
import type { Refusal } from "../refusal.ts";
import { TopicMembers } from "./topic_members.ts";

/** The time for a member whose session moved to another hub to join there, in ms. */
const MOVE_MS = 10_000;

/** The parts of the hub that {@linkcode Presence} uses. */
export interface PresenceContext {
  readonly flush: Pick<Flush, "schedule">;
  readonly limits: MemberLimits;
  /** Calls the program's `onPresence`. */
  changed(change: PresenceChange): void;
  /** Absent if the hub does not share its store. */
  readonly replication?: ReplicationContext | undefined;
}

/** A member whose connection is closed. */
interface DetachedMember {
  /** The monotonic time at which its grace time ends, in ms. */
  until: number;
  readonly topics: TopicMembers[];
}

/**
 * The presence of all topics: docs/protocol.md, "Presence". A member is a session, not a connection: it stays for the grace
 * time after its connection is closed, and leaves once.
 */
export class Presence {
  /** `true` if {@linkcode Presence.flush} has something to send. A field: each flush of the hub reads it. */
  hasChanges = false;
  readonly #context: PresenceContext;
  readonly #graceMs: number;
  readonly #topics = new Map<string, TopicMembers>();
  readonly #detached = new Map<string, DetachedMember>();
  readonly #budget: MemberBudget;
  /** Topics with something to send in the next flush. */
  readonly #touched = new Set<TopicMembers>();
  #isTicking = false;

  /**
   * Creates a presence without members.
   *
   * @param graceMs the time that a member stays after its connection is closed, in ms.
   * @param context the parts of the hub.
   */
  constructor(graceMs: number, context: PresenceContext) {
    this.#graceMs = graceMs;
    this.#context = context;
    this.#budget = new MemberBudget(context.limits, (id) => this.#expire(id));
  }

  /**
   * Returns the members of a topic: their data by public id. If hubs share a store, the call makes this hub follow the
   * topic, and the first result has only the members of this hub.
   */
  members(name: string): ReadonlyMap<string, unknown> {
    const found = this.#topics.get(name);
    if (this.#context.replication === undefined) {
      return found?.members ?? new Map();
    }
    if (topicNameProblem(name) !== undefined) return new Map();
    const topic = found ?? this.#open(name);
    topic.replication!.queried();
    return topic.members;
  }

  /** Makes a peer a member of a topic, or sets its data. @returns a refusal at a limit. */
  set(
    connection: Connection,
    name: string,
    data: unknown,
  ): Refusal | undefined {
    const topic = this.#open(name);
    const { id, addressKey } = connection;
    const refusal = this.#budget.take(id, topic.sum, addressKey, data);
    if (refusal !== undefined) {
      // The next flush forgets the topic if it is empty.
      this.#touch(topic);
      return refusal;
    }
    if (!topic.watchers.has(connection)) {
      topic.watch(connection);
      connection.presenceTopics.add(name);
      this.#touch(topic);
    }
    const { replication } = topic;
    const state = replication === undefined
      ? { data }
      : replication.set(id, data);
    this.#update(topic, id, state);
    return undefined;
  }

  /** Removes a peer from the members of a topic. */
  leave(connection: Connection, name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined || !connection.presenceTopics.delete(name)) return;
    topic.unwatch(connection);
    this.#remove(topic, connection.id);
  }

  /**
   * Starts the grace time of a peer whose connection is detached, or removes it at once if it does not return.
   *
   * @param connection the connection.
   * @param cause the cause.
   * @param now the monotonic time in ms.
   */
  detached(connection: Connection, cause: DetachCause, now: number): void {
    if (connection.presenceTopics.size === 0) return;
    const { id } = connection;
    // It may have resumed, and be detached again before it is subscribed to all its topics.
    const topics = this.#detached.get(id)?.topics ?? [];
    for (const name of connection.presenceTopics) {
      const topic = this.#topics.get(name)!;
      topic.unwatch(connection);
      topics.push(topic);
    }
    connection.presenceTopics.clear();
    const graceMs = graceTimeAfter(cause, this.#graceMs);
    this.#detached.set(id, { until: now + graceMs, topics });
    this.#budget.detached(id);
    if (graceMs === 0) this.#expire(id);
    else for (const topic of topics) topic.replication?.detached(id);
  }

  /** Shortens the grace time of a peer whose session moved to another hub: there it joins its topics again. */
  moved(id: string, now: number): void {
    const member = this.#detached.get(id);
    if (member === undefined) return;
    member.until = Math.min(member.until, now + MOVE_MS);
  }

  /** Removes a peer that has resumed from the topics that it did not join again. */
  resumed(connection: Connection): void {
    const member = this.#detached.get(connection.id);
    if (member === undefined) return;
    this.#detached.delete(connection.id);
    this.#budget.resumed(connection.id);
    for (const topic of member.topics) {
      if (!topic.watchers.has(connection)) this.#remove(topic, connection.id);
    }
  }

  /** Removes a peer whose session the hub has forgotten: it cannot resume. */
  forgotten(id: string): void {
    this.#expire(id);
  }

  /** Removes the members whose grace time has ended. */
  sweep(now: number): void {
    for (const [id, { until }] of this.#detached) {
      if (until <= now) this.#expire(id);
    }
  }

  /** Sends the changes to every watcher that is ready. */
  flush(): void {
    this.hasChanges = false;
    const topics = [...this.#touched];
    this.#touched.clear();
    for (const topic of topics) {
      const change = topic.takeChange();
      if (change !== undefined) this.#context.changed(change);
      topic.send(change);
      if (topic.replication !== undefined) topic.replication.write();
      else if (topic.members.size === 0 && topic.watchers.size === 0) {
        this.#topics.delete(topic.topic);
      }
    }
  }

  /** Sends snapshots to a peer that was not ready before, and is now. */
  wake(connection: Connection): void {
    if (!this.#needsSnapshot(connection)) return;
    for (const name of connection.presenceTopics) {
      this.#touch(this.#topics.get(name)!);
    }
  }

  #needsSnapshot(connection: Connection): boolean {
    for (const name of connection.presenceTopics) {
      if (this.#topics.get(name)?.snapshots.has(connection)) return true;
    }
    return false;
  }

  #expire(id: string): void {
    const member = this.#detached.get(id);
    this.#detached.delete(id);
    for (const topic of member?.topics ?? []) this.#remove(topic, id);
  }

  #remove(topic: TopicMembers, id: string): void {
    this.#budget.release(id, topic.sum);
    this.#update(topic, id, topic.replication?.remove(id));
  }

  #update(
    topic: TopicMembers,
    id: string,
    state: { readonly data: unknown } | undefined,
  ): void {
    if (topic.update(id, state)) this.#touch(topic);
  }

  #touch(topic: TopicMembers): void {
    this.#touched.add(topic);
    this.hasChanges = true;
    this.#context.flush.schedule();
  }

  #open(name: string): TopicMembers {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      this.#topics.set(name, topic = new TopicMembers(name));
      this.#follow(topic);
    }
    return topic;
  }

  /** If hubs share a store, a topic has the members of all of them. */
  #follow(topic: TopicMembers): void {
    const context = this.#context.replication;
    if (context === undefined) return;
    const replication = new Replication(topic.topic, context, {
      changed: (peer) => this.#update(topic, peer, replication.newest(peer)),
      isDetached: (peer) => this.#detached.has(peer),
      touched: () => this.#touch(topic),
    });
    topic.replication = replication;
    this.#tick(context);
  }

  #tick(context: ReplicationContext): void {
    if (this.#isTicking || this.#topics.size === 0) return;
    this.#isTicking = true;
    context.clock.after(TICK_MS, () => {
      this.#isTicking = false;
      for (const topic of this.#topics.values()) {
        if (topic.replication!.tick()) this.#unfollow(topic);
      }
      this.#tick(context);
    }, { background: true });
  }

  /** Forgets a topic without members of this hub, and without recent queries. */
  #unfollow(topic: TopicMembers): void {
    topic.replication!.end();
    for (const peer of [...topic.members.keys()]) topic.update(peer, undefined);
    const change = topic.takeChange();
    if (change !== undefined) this.#context.changed(change);
    this.#topics.delete(topic.topic);
    this.#touched.delete(topic);
  }
}
