import type { Clock } from "../clock.ts";
import { PRESENCE_LOG } from "../ids.ts";
import type { Limits } from "../limits.ts";
import { BATCH_BYTES, type Run } from "../log/batch.ts";
import type { Flush } from "../log/flush.ts";
import type { Publisher, PublishOutcome } from "../log/publisher.ts";
import { type Reader, Subscription, type Topic } from "../log/topic.ts";
import type { Topics } from "../log/topics.ts";
import { MergedMembers } from "./merged_members.ts";
import {
  decodeReplication,
  encodeChanges,
  encodeList,
  type MemberState,
} from "./replication_record.ts";

/** The interval of {@linkcode Replication.tick}, in ms. */
export const TICK_MS = 1_000;
/** The interval at which a hub writes its whole list, in ms. */
const LIST_MS = 10_000;
/** The delay before a list is written again after the store refused it, in ms. */
const RETRY_MS = 3_000;
/** A hub that sends nothing for this many ticks is dropped: within 30 s, the time of its records in the store included. */
const TIMEOUT_TICKS = 28;
/** A hub that does not receive its own records for this many ticks has no connection to the store; other hubs may have one. */
const DISCONNECTED_TICKS = 12;
/** A topic without members of this hub is followed for this long after the last member or query, in ms. */
const KEEP_MS = 30_000;

/** The parts of the hub that a {@linkcode Replication} uses. */
export interface ReplicationContext {
  /** The hub's id among the hubs that share the store: the `from` of its records. */
  readonly node: string;
  readonly clock: Clock;
  readonly topics: Pick<Topics, "openInternal">;
  readonly flush: Pick<Flush, "start" | "forget">;
  readonly publisher: Pick<Publisher, "publishInternal">;
  readonly limits: Pick<Limits, "messageBytes">;
}

/** The presence of one topic, as its {@linkcode Replication} uses it. */
export interface ReplicationEvents {
  /** The state of a member may have changed. */
  changed(peer: string): void;
  /** Returns `true` if a member's connection to this hub is closed, and the member stays for the grace time only. */
  isDetached(peer: string): boolean;
  /** The next flush must call {@linkcode Replication.write}. */
  touched(): void;
}

/**
 * The exchange of one topic's members between the hubs that share a store, through a log: docs/decisions/0023. It writes the
 * members of this hub, and reads the records of all hubs through a cursor like a peer's.
 */
export class Replication implements Reader {
  readonly wire: Reader["wire"] = {
    acknowledges: true,
    hasCredit: true,
    deliver: (run, from) => this.#read(run, from),
    gap: () => this.#missed(),
  };
  readonly waiting: Set<Subscription> = new Set();
  isDetached = false;
  readonly #members = new MergedMembers();
  readonly #context: ReplicationContext;
  readonly #events: ReplicationEvents;
  #topic: Topic;
  #subscription: Subscription | undefined;
  /** Members of this hub whose newest state is not in the log. */
  readonly #unwritten = new Set<string>();
  /** `true` if the log has the state of every member of this hub. */
  #isComplete = false;
  /** `true` once this hub has read its own request for the lists of the other hubs. */
  #hasRequested = false;
  /** Records without an outcome: until they have one, changes are gathered. */
  #unsettled = 0;
  /** The monotonic time of the next list, in ms. */
  #listAt = -Infinity;
  /** The monotonic time of the last member or query, in ms. */
  #usedAt: number;
  /** The ticks in which this hub received its own records. The silence of other hubs is measured in them. */
  #age = 0;
  /** The ticks since this hub received a record of its own. */
  #unheardTicks = 0;

  /**
   * Opens the topic's presence log, and follows it.
   *
   * @param topic the topic's name.
   * @param context the parts of the hub.
   * @param events the topic's presence.
   */
  constructor(
    topic: string,
    context: ReplicationContext,
    events: ReplicationEvents,
  ) {
    this.#context = context;
    this.#events = events;
    this.#usedAt = context.clock.now();
    this.#topic = context.topics.openInternal(PRESENCE_LOG + topic);
    this.#startWhenOpen();
  }

  /** Notes that the program has read the members. */
  queried(): void {
    this.#usedAt = this.#context.clock.now();
  }

  /** Sets the data of a member of this hub. @returns its newest state. */
  set(peer: string, data: unknown): MemberState | undefined {
    const own = this.#members.own.get(peer);
    // Without new data, the state of another hub counts only if the member has moved there.
    const isSame = own !== undefined &&
      JSON.stringify(own.data) === JSON.stringify(data);
    if (!isSame || this.#members.hasMoved(peer)) {
      this.#members.set(peer, data, this.#context.clock.time());
      this.#change(peer);
    }
    return this.#members.newest(peer);
  }

  /** Removes a member from this hub. @returns its newest state, if another hub has it. */
  remove(peer: string): MemberState | undefined {
    if (this.#members.own.delete(peer)) this.#change(peer);
    return this.#members.newest(peer);
  }

  /** Returns the newest state of a member that any hub has. */
  newest(peer: string): MemberState | undefined {
    return this.#members.newest(peer);
  }

  /** Removes a member whose connection to this hub is closed, if it is connected to another hub. */
  detached(peer: string): void {
    if (!this.#members.hasMoved(peer)) return;
    this.#members.own.delete(peer);
    this.#change(peer);
  }

  /** Passes the changes, or the whole list, to the next flush. */
  write(): void {
    if (this.#subscription === undefined || this.#unsettled > 0) return;
    const { clock, limits, publisher, node } = this.#context;
    const maxBytes = Math.min(limits.messageBytes, BATCH_BYTES);
    const { own } = this.#members;
    const now = clock.now();
    let bodies: string[];
    if (now >= this.#listAt) {
      bodies = encodeList(own, !this.#hasRequested, maxBytes);
      this.#isComplete = true;
      this.#listAt = now + LIST_MS;
    } else if (this.#isComplete && this.#unwritten.size > 0) {
      const join: [string, MemberState][] = [];
      const leave: string[] = [];
      for (const peer of this.#unwritten) {
        const state = own.get(peer);
        if (state === undefined) leave.push(peer);
        else join.push([peer, state]);
      }
      bodies = encodeChanges(join, leave, maxBytes);
    } else return;
    this.#unwritten.clear();
    // Set before the first record: a store may settle it within the call.
    this.#unsettled = bodies.length;
    for (const body of bodies) {
      publisher.publishInternal(this.#topic, node, body, this.#settled);
    }
  }

  /** Advances the time. @returns `true` if the topic need not be followed any more. */
  tick(): boolean {
    const now = this.#context.clock.now();
    if (this.#members.own.size > 0) this.#usedAt = now;
    else if (now - this.#usedAt > KEEP_MS) return true;
    // The hub has forgotten the topic, because the store did not open its log.
    const topic = this.#context.topics.openInternal(this.#topic.name);
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#startWhenOpen();
    }
    if (++this.#unheardTicks <= DISCONNECTED_TICKS) {
      this.#report(this.#members.drop(++this.#age - TIMEOUT_TICKS));
    }
    if (now >= this.#listAt) this.#events.touched();
    return false;
  }

  /** Stops following the log. */
  end(): void {
    this.isDetached = true;
    this.#unsubscribe();
  }

  /** Starts again at the head: the store lost the log and created a new one. */
  close(): void {
    this.#unsubscribe();
    this.#start();
  }

  #startWhenOpen(): void {
    const topic = this.#topic;
    topic.whenOpen(() => {
      if (!this.isDetached && this.#topic === topic) this.#start();
    });
  }

  /** Reads from the head on, and requests the lists: they contain what earlier records stated. */
  #start(): void {
    const topic = this.#topic;
    const subscription = new Subscription(this, topic, topic.ring.head);
    this.#subscription = subscription;
    topic.subscriptions.add(subscription);
    this.#context.flush.start(subscription);
    this.#missed();
  }

  #unsubscribe(): void {
    if (this.#subscription !== undefined) {
      this.#topic.subscriptions.delete(this.#subscription);
    }
    this.#subscription = undefined;
    this.#topic.idleSince = this.#context.clock.now();
    this.#context.flush.forget(this);
  }

  /** Requests the lists: until they arrive, members may be included that have left in the missed records. */
  #missed(): void {
    this.#members.missed();
    this.#hasRequested = false;
    this.#listAt = -Infinity;
    this.#events.touched();
  }

  #read({ ring }: Run, from: number): number {
    for (let at = ring.next(from); at < ring.head; at = ring.next(at + 1)) {
      const { from: hub, body } = ring.at(at);
      const record = decodeReplication(body);
      if (record === undefined) continue;
      if (hub === this.#context.node) {
        this.#unheardTicks = 0;
        this.#hasRequested ||= record.ask;
        continue;
      }
      const changed = this.#members.merge(hub, record, this.#age);
      for (const peer of changed) {
        if (this.#events.isDetached(peer)) this.detached(peer);
      }
      this.#report(changed);
      if (!record.ask) continue;
      this.#listAt = -Infinity;
      this.#events.touched();
    }
    return ring.head;
  }

  #report(changed: Iterable<string>): void {
    for (const peer of changed) this.#events.changed(peer);
  }

  #change(peer: string): void {
    this.#unwritten.add(peer);
    this.#events.touched();
  }

  readonly #settled = (outcome: PublishOutcome): void => {
    if ("code" in outcome) {
      // The log may lack some of the records, so the list is written again: later, or a failing store would be flooded.
      this.#isComplete = false;
      this.#listAt = this.#context.clock.now() + RETRY_MS;
    }
    if (--this.#unsettled === 0) this.#events.touched();
  };
}
