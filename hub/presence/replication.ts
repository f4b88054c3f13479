import type { Clock } from "../clock.ts";
import type { Delivery } from "../log/flush.ts";
import type { Run } from "../log/run.ts";
import { BATCH_BYTES } from "../log/batch.ts";
import {
  decodeEntry,
  encodeChanges,
  encodeList,
  type Said,
} from "./replication_record.ts";
import type { Heartbeat } from "../peers/heartbeat.ts";
import { PRESENCE_LOG } from "../ids.ts";
import type { Limits } from "../limits.ts";
import type { Publisher } from "../log/publisher.ts";
import type { Refusal } from "../refusal.ts";
import { Roster } from "./merged_members.ts";
import { type Reader, Subscription } from "../log/subscription.ts";
import type { Topic } from "../log/topic.ts";
import { DEFAULT_TOPIC, type TopicSettings } from "../log/topic_options.ts";
import type { Topics } from "../log/topics.ts";

/** How often a node looks at its logs, in ms. */
export const TICK_MS = 1_000;
/** How often a node says its whole list, in ms. */
const LIST_MS = 10_000;
/** How long it waits to say it again when the store did not take it, in ms. */
const RETRY_MS = 3_000;
/** A node that was silent for so many ticks is dropped: within 30 s, the way there and back included. */
const SILENT_TICKS = 28;
/** A node that has not heard itself for so many ticks cannot tell who is silent: it is deaf. */
const DEAF_TICKS = 12;
/** A topic of which a node has no member is followed this long after it had one, or was looked at, in ms. */
const KEEP_MS = 30_000;

/** What a {@linkcode PresenceLog} needs of the hub. */
export interface PresenceLogContext {
  /** This hub's id among those that share the store: the `from` of what it writes. */
  readonly node: string;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly delivery: Delivery;
  readonly publisher: Publisher;
  readonly heartbeat: Heartbeat;
  readonly limits: Pick<Limits, "messageBytes">;
}

/** What the log of one topic tells of it. */
export interface PresenceLogEvents {
  /** There is something new of a member. */
  changed(peer: string): void;
  /** Whether a member's connection here is gone, and the member stays for the time of grace only. */
  isParted(peer: string): boolean;
  /** There is something to write in the next flush. */
  touched(): void;
}

/** What a log keeps in which hubs tell each other who is in a topic: nobody reads its past. The program's options are for its own topics. */
export const PRESENCE_SETTINGS: TopicSettings = {
  ...DEFAULT_TOPIC,
  maxAgeMs: 60_000,
};

/**
 * What the hubs that share a store tell each other of who is in one topic, through a log like any other: docs/decisions/0023.
 * It writes what this hub has to say, and reads what all say by a cursor like a peer's.
 */
export class PresenceLog implements Reader {
  readonly wire: Reader["wire"] = {
    name: "drumbeat.v1",
    hasCredit: true,
    deliver: (run, from) => this.#read(run, from),
    gap: () => this.#missed(),
  };
  readonly waiting: Set<Subscription<Reader>> = new Set();
  isDetached = false;
  readonly #roster = new Roster();
  readonly #context: PresenceLogContext;
  readonly #events: PresenceLogEvents;
  #topic: Topic;
  #cursor: Subscription<Reader> | undefined;
  /** Members of this hub of whom the log does not have the newest. */
  readonly #unsaid = new Set<string>();
  /** Whether the log has all that this hub has said. */
  #isWhole = false;
  /** Whether the others have been asked for their lists, and the question has come back. */
  #asked = false;
  /** Records that are not settled: while there are some, what is new is gathered. */
  #unsettled = 0;
  /** When the whole list is to be said next, in monotonic ms. */
  #listAt = -Infinity;
  /** When there was last a member here, or somebody looked. */
  #usedAt: number;
  /** Ticks in which this hub was not deaf: the time that others may be silent for. */
  #age = 0;
  /** Ticks since it heard itself. */
  #unheard = 0;

  /** @param topic the topic's name. */
  constructor(
    topic: string,
    context: PresenceLogContext,
    events: PresenceLogEvents,
  ) {
    this.#context = context;
    this.#events = events;
    this.#usedAt = context.clock.now();
    this.#topic = context.topics.own(PRESENCE_LOG + topic);
    this.#await();
  }

  /** Somebody wants to know who is in the topic. */
  looked(): void {
    this.#usedAt = this.#context.clock.now();
  }

  /** A member of this hub has something to say of itself. @returns what counts of it. */
  set(peer: string, data: unknown): Said | undefined {
    const own = this.#roster.own.get(peer);
    // Nothing new, and it is here: the word of another node counts only once it has moved there.
    const same = own !== undefined &&
      JSON.stringify(own.data) === JSON.stringify(data);
    if (!same || this.#roster.hasMoved(peer)) {
      this.#roster.set(peer, data, this.#context.clock.time());
      this.#say(peer);
    }
    return this.#roster.newest(peer);
  }

  /** A member has left this hub. @returns what counts of it, if another one has it. */
  remove(peer: string): Said | undefined {
    if (this.#roster.own.delete(peer)) this.#say(peer);
    return this.#roster.newest(peer);
  }

  /** What counts of a member: the newest that any hub says. */
  newest(peer: string): Said | undefined {
    return this.#roster.newest(peer);
  }

  /** A member's connection here is gone: if it is at another hub by now, that one speaks for it. */
  parted(peer: string): void {
    if (!this.#roster.hasMoved(peer)) return;
    this.#roster.own.delete(peer);
    this.#say(peer);
  }

  /** Hands what is new to the next flush. */
  write(): void {
    if (this.#cursor === undefined || this.#unsettled > 0) return;
    const { clock, limits, publisher, node } = this.#context;
    const entryBytes = Math.min(limits.messageBytes, BATCH_BYTES);
    const { own } = this.#roster;
    const now = clock.now();
    let bodies: string[];
    if (now >= this.#listAt) {
      bodies = encodeList(own, !this.#asked, entryBytes);
      this.#isWhole = true;
      this.#listAt = now + LIST_MS;
    } else if (this.#isWhole && this.#unsaid.size > 0) {
      const join: [string, Said][] = [];
      const leave: string[] = [];
      for (const peer of this.#unsaid) {
        const said = own.get(peer);
        if (said === undefined) leave.push(peer);
        else join.push([peer, said]);
      }
      bodies = encodeChanges(join, leave, entryBytes);
    } else return;
    this.#unsaid.clear();
    // Before the first: a store may settle it at once.
    this.#unsettled = bodies.length;
    for (const body of bodies) {
      publisher.note(this.#topic, node, body, this.#settled);
    }
  }

  /** Time goes by. @returns whether the topic need not be followed any more. */
  tick(): boolean {
    const now = this.#context.clock.now();
    if (this.#roster.own.size > 0) this.#usedAt = now;
    else if (now - this.#usedAt > KEEP_MS) return true;
    // Forgotten while the store did not open it.
    const topic = this.#context.topics.own(this.#topic.name);
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#await();
    }
    if (++this.#unheard <= DEAF_TICKS) {
      this.#tell(this.#roster.drop(++this.#age - SILENT_TICKS));
    }
    if (now >= this.#listAt) this.#events.touched();
    return false;
  }

  /** Follows the log no more. */
  end(): void {
    this.isDetached = true;
    this.#leave();
  }

  /** The cursor cannot go on: the log was lost, and is a new one. */
  close(): void {
    this.#leave();
    this.#start();
  }

  #await(): void {
    const topic = this.#topic;
    topic.whenOpen(() => {
      if (!this.isDetached && this.#topic === topic) this.#start();
    });
  }

  /** Reads from now on, and asks: what was said before is said again. */
  #start(): void {
    const { delivery } = this.#context;
    this.#cursor = new Subscription<Reader>(
      this,
      this.#topic,
      this.#topic.head,
    );
    this.#topic.subscriptions.add(this.#cursor);
    delivery.start(this.#cursor);
    this.#missed();
  }

  #leave(): void {
    if (this.#cursor !== undefined) {
      this.#topic.subscriptions.delete(this.#cursor);
    }
    this.#cursor = undefined;
    this.#topic.idleSince = this.#context.clock.now();
    this.#context.delivery.forget(this);
  }

  /** Who has left in what was missed is still in the roster until its node says its list. */
  #missed(): void {
    this.#roster.missed();
    this.#asked = false;
    this.#listAt = -Infinity;
    this.#events.touched();
  }

  #read(run: Run, from: number): number {
    for (let at = run.next(from); at < run.head; at = run.next(at + 1)) {
      const record = run.record(at);
      const entry = decodeEntry(record.body);
      if (entry === undefined) continue;
      if (record.from === this.#context.node) {
        this.#unheard = 0;
        this.#asked ||= entry.ask;
        continue;
      }
      const changed = this.#roster.take(record.from, entry, this.#age);
      for (const peer of changed) {
        if (this.#events.isParted(peer)) this.parted(peer);
      }
      this.#tell(changed);
      if (!entry.ask) continue;
      this.#listAt = -Infinity;
      this.#events.touched();
    }
    return run.head;
  }

  #tell(changed: Iterable<string>): void {
    for (const peer of changed) this.#events.changed(peer);
  }

  #say(peer: string): void {
    this.#unsaid.add(peer);
    this.#events.touched();
  }

  readonly #settled = (outcome: { readonly offset: number } | Refusal) => {
    if ("code" in outcome) {
      // Nobody knows what they have of it: the list says it all. Not at once, or it would go round.
      this.#isWhole = false;
      this.#listAt = this.#context.clock.now() + RETRY_MS;
    }
    if (--this.#unsettled === 0) this.#events.touched();
  };
}
