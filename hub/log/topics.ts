import { topicNameProblem } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import { PRESENCE_LOG } from "../ids.ts";
import type { Limits } from "../limits.ts";
import type { Refusal } from "../refusal.ts";
import { Tally } from "../../common/tally.ts";
import { disconnectIfSlow } from "./lag_policy.ts";
import type { Store } from "./store.ts";
import { Topic } from "./topic.ts";
import { PRESENCE_TOPIC, type TopicSettings } from "./topic_options.ts";

/** The parts of the hub that {@linkcode Topics} uses. */
export interface TopicsContext {
  readonly store: Pick<Store, "open" | "forget" | "read" | "shared">;
  readonly clock: Clock;
  readonly limits: Pick<Limits, "topics" | "topicsPerAddress">;
  /** A topic is kept at least this long after its last subscriber or record, in ms. */
  readonly keepMs: number;
  /** Returns the settings of a topic that the program may name. */
  readonly settings: (name: string) => TopicSettings;
  /** Called for each new topic, before its log is opened. */
  readonly created: () => void;
  /** Reports that the store could not open a log. */
  readonly failed: (error: unknown) => void;
}

/**
 * The topics in memory. The first use creates a topic; an unused topic is forgotten after a while.
 *
 * Internal topics, whose names begin with `$`, are logs of the hub: direct logs, and the logs through which hubs exchange
 * presence. A peer cannot open them by name, and `limits.topics` does not count them.
 */
export class Topics implements Iterable<Topic> {
  readonly #byName = new Map<string, Topic>();
  /** Topics that are not internal. */
  #publicSize = 0;
  /** Topics that only one address has used, by address. */
  readonly #soleTopics = new Tally();
  readonly #context: TopicsContext;

  constructor(context: TopicsContext) {
    this.#context = context;
  }

  /** The number of topics, internal ones included. */
  get size(): number {
    return this.#byName.size;
  }

  /** The number of internal topics. */
  get internalSize(): number {
    return this.size - this.#publicSize;
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.#byName.values();
  }

  /** Returns a topic; `undefined` if it is not in memory. */
  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  /**
   * Returns a topic that is not internal, and creates it if necessary.
   *
   * @param name the topic's name.
   * @param from the address of the peer, as `addressKey` returns it; absent for the program.
   * @returns the topic, or a refusal.
   */
  open(name: string, from?: string): Topic | Refusal {
    // A program that passes no addresses must not get one limit for all of its peers.
    const address = from === "" ? undefined : from;
    const found = this.#byName.get(name);
    if (found !== undefined && !isInternal(name)) {
      if (found.soleAddress !== address) this.#share(found);
      return found;
    }
    const problem = topicNameProblem(name);
    if (problem !== undefined) {
      return {
        code: isInternal(name) ? "forbidden" : "invalid",
        message: problem,
      };
    }
    const { limits } = this.#context;
    if (this.#publicSize >= limits.topics) {
      const message = `Too many topics: at most ${limits.topics}`;
      return { code: "limit", message };
    }
    // Without this limit, one client could use up all topics by inventing names.
    if (
      address !== undefined &&
      this.#soleTopics.of(address) >= limits.topicsPerAddress
    ) {
      const message =
        `Too many topics of one address: at most ${limits.topicsPerAddress}`;
      return { code: "limit", message };
    }
    const topic = this.#create(name, address);
    if (this.#byName.has(name)) return topic;
    return { code: "unavailable", message: "Log cannot be opened" };
  }

  /** Returns an internal topic, and creates it if necessary. */
  openInternal(name: string): Topic {
    return this.#byName.get(name) ?? this.#create(name);
  }

  /** Returns `true` if an internal topic may hold records, in memory or in the store. */
  mayHaveRecords(name: string): boolean {
    const { read, shared = false } = this.#context.store;
    return read !== undefined || shared || this.#byName.has(name);
  }

  /** Forgets a topic whose log the store cannot open, so that the next use tries again. */
  #create(name: string, address?: string): Topic {
    const { store, clock, settings, created, failed } = this.#context;
    const topic = new Topic(
      name,
      name.startsWith(PRESENCE_LOG) ? PRESENCE_TOPIC : settings(name),
      store.read !== undefined,
      clock.now(),
    );
    this.#byName.set(name, topic);
    if (!isInternal(name)) this.#publicSize++;
    topic.soleAddress = address;
    if (address !== undefined) this.#soleTopics.add(address);
    created();
    try {
      store.open(name);
    } catch (error) {
      this.#forget(topic);
      failed(error);
    }
    return topic;
  }

  /**
   * Drops old records of every log, disconnects slow readers, and forgets the topics that were idle for long enough.
   *
   * @param now the monotonic time in ms.
   */
  sweep(now: number): void {
    const { store, keepMs } = this.#context;
    for (const topic of this.#byName.values()) {
      topic.log.ring.trim(topic.settings, now);
      if (topic.settings.lag === "disconnect") {
        // A reader without credit is visited by no flush.
        for (const subscription of [...topic.subscriptions]) {
          disconnectIfSlow(subscription);
        }
      }
      if (topic.subscriptions.size > 0) continue;
      const { idleSince, settings } = topic;
      if (now - idleSince < Math.max(keepMs, settings.maxAgeMs)) continue;
      this.#forget(topic);
      store.forget(topic.name);
    }
  }

  /** Stops counting a topic for the address that was the only one to use it. */
  #share(topic: Topic): void {
    if (topic.soleAddress === undefined) return;
    this.#soleTopics.remove(topic.soleAddress);
    topic.soleAddress = undefined;
  }

  #forget(topic: Topic): void {
    const { name } = topic;
    this.#share(topic);
    this.#byName.delete(name);
    if (!isInternal(name)) this.#publicSize--;
  }
}

function isInternal(name: string): boolean {
  return name.startsWith("$");
}
