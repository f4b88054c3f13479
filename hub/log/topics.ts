import { topicNameProblem } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import { PRESENCE_LOG } from "../ids.ts";
import type { Limits } from "../limits.ts";
import type { Refusal } from "../refusal.ts";
import { Tally } from "../../common/tally.ts";
import { Eviction } from "./eviction.ts";
import { disconnectIfSlow } from "./lag_policy.ts";
import type { Store } from "./store.ts";
import { Topic } from "./topic.ts";
import { PRESENCE_TOPIC, type TopicSettings } from "./topic_options.ts";

/** The parts of the hub that {@linkcode Topics} uses. */
export interface TopicsContext {
  readonly store: Pick<Store, "open" | "forget" | "read" | "has" | "shared">;
  readonly clock: Clock;
  readonly limits: Pick<
    Limits,
    "topics" | "topicsPerAddress" | "recordBytes" | "recordBytesPerAddress"
  >;
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
  /** The number of topics that each address created. */
  readonly #perAddress = new Tally();
  readonly #eviction: Eviction;
  readonly #context: TopicsContext;

  constructor(context: TopicsContext) {
    this.#context = context;
    this.#eviction = new Eviction(context.limits);
  }

  /** The number of topics, internal ones included. */
  get size(): number {
    return this.#byName.size;
  }

  /** The number of internal topics. */
  get internalSize(): number {
    return this.size - this.#publicSize;
  }

  /** Records that were dropped since the start because all records together were above `limits.recordBytes`. */
  get evicted(): number {
    return this.#eviction.evicted;
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
    if (found !== undefined && !isInternal(name)) return found;
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
      this.#perAddress.of(address) >= limits.topicsPerAddress
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
  mayHaveRecords(name: string): boolean | Promise<boolean> {
    const { store } = this.#context;
    if (this.#byName.has(name)) return true;
    return store.has?.(name) ??
      (store.read !== undefined || store.shared === true);
  }

  /** Forgets a topic whose log the store cannot open, so that the next use tries again. */
  #create(name: string, address?: string): Topic {
    const { store, clock, settings, created, failed } = this.#context;
    const topicSettings = name.startsWith(PRESENCE_LOG)
      ? PRESENCE_TOPIC
      : settings(name);
    const topic = new Topic(
      name,
      topicSettings,
      topicSettings.durable && store.read !== undefined,
      clock.now(),
      address,
    );
    this.#byName.set(name, topic);
    if (!isInternal(name)) this.#publicSize++;
    if (address !== undefined) this.#perAddress.add(address);
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
   * Drops the records of a log that are above its retention or above the bounds of all logs. Not called while cursors move.
   *
   * @param topic the topic of the log.
   * @param now the monotonic time in ms.
   */
  trim({ log, settings, creator }: Topic, now: number): void {
    log.ring.trim(settings, now);
    this.#eviction.count(log, creator);
  }

  /** Notes that the store has opened a log, or has replaced it. */
  opened({ log, creator }: Topic): void {
    this.#eviction.count(log, creator);
  }

  /**
   * Drops old records of every log, disconnects slow readers, and forgets the topics that were idle for long enough.
   *
   * @param now the monotonic time in ms.
   */
  sweep(now: number): void {
    const { store, keepMs } = this.#context;
    for (const topic of this.#byName.values()) {
      this.trim(topic, now);
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

  #forget({ name, log, creator }: Topic): void {
    if (creator !== undefined) this.#perAddress.remove(creator);
    this.#eviction.forget(log);
    this.#byName.delete(name);
    if (!isInternal(name)) this.#publicSize--;
  }
}

function isInternal(name: string): boolean {
  return name.startsWith("$");
}
