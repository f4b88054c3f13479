import { topicNameProblem } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import { PRESENCE_LOG } from "../ids.ts";
import type { Limits } from "../limits.ts";
import { PRESENCE_SETTINGS } from "../presence/replication.ts";
import type { Refusal } from "../refusal.ts";
import type { Store } from "./store.ts";
import type { Reader, Subscription } from "./subscription.ts";
import { Tally } from "../tally.ts";
import { Topic } from "./topic.ts";
import type { TopicSettings } from "./topic_options.ts";

/** The topics there are. They come with the first who asks and are forgotten when nobody did for long. */
export class Topics implements Iterable<Topic> {
  readonly #byName = new Map<string, Topic>();
  /** How many of them are not some peer's own: those are limited with the peers. */
  #shared = 0;
  /** How many of these only one address has used, by address. */
  readonly #lone = new Tally();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #settings: (name: string) => TopicSettings;
  readonly #forgetMs: number;
  readonly #failed: (error: unknown) => void;

  /**
   * @param forgetMs a topic is kept at least this long after its last subscriber or record.
   * @param failed the store could not open a log.
   */
  constructor(
    store: Store,
    clock: Clock,
    limits: Limits,
    settings: (name: string) => TopicSettings,
    forgetMs: number,
    failed: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#settings = settings;
    this.#forgetMs = forgetMs;
    this.#failed = failed;
  }

  /** How many there are. */
  get size(): number {
    return this.#byName.size;
  }

  [Symbol.iterator](): Iterator<Topic> {
    return this.#byName.values();
  }

  /** The topic, if it is there. */
  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  /**
   * The topic, made where it is not there, or why a peer cannot have it.
   *
   * @param by the address of who asks, as `addressKey` gives it; absent: the program.
   */
  open(name: string, by?: string): Topic | Refusal {
    const known = this.#byName.get(name);
    // A peer's own log is there and is still not to be had by its name: who could, would read another's messages.
    if (known !== undefined && !isOwn(name)) {
      if (known.lone !== by) this.#share(known);
      return known;
    }
    const problem = topicNameProblem(name);
    if (problem !== undefined) {
      return {
        code: isOwn(name) ? "forbidden" : "invalid",
        message: problem,
      };
    }
    if (this.#shared >= this.#limits.topics) {
      return {
        code: "limit",
        message:
          `The hub has ${this.#limits.topics} topics, which is all it may have`,
      };
    }
    // Names cost nothing: whoever thinks of 10,000 must not be the only one that has topics.
    const { topicsPerAddress } = this.#limits;
    if (by !== undefined && this.#lone.of(by) >= topicsPerAddress) {
      return {
        code: "limit",
        message:
          `One address may have ${topicsPerAddress} topics that nobody else uses`,
      };
    }
    const topic = this.#make(name, by);
    if (this.#byName.has(name)) return topic;
    return { code: "unavailable", message: "The log could not be opened" };
  }

  /** A peer's own log. */
  own(name: string): Topic {
    return this.#byName.get(name) ?? this.#make(name);
  }

  /** How many of them are the hub's own. */
  get ownSize(): number {
    return this.size - this.#shared;
  }

  /** Whether a topic that is the hub's own may hold records from before. */
  mayHave(name: string): boolean {
    const { read, shared = false } = this.#store;
    return read !== undefined || shared || this.#byName.has(name);
  }

  /** A topic whose log the store cannot open is not there: whoever asks for it again, asks the store again. */
  #make(name: string, by?: string): Topic {
    const topic = new Topic(
      name,
      name.startsWith(PRESENCE_LOG) ? PRESENCE_SETTINGS : this.#settings(name),
      this.#store.read !== undefined,
      this.#clock.now(),
    );
    this.#byName.set(name, topic);
    if (!isOwn(name)) this.#shared++;
    topic.lone = by;
    if (by !== undefined) this.#lone.add(by);
    try {
      this.#store.open(name);
    } catch (error) {
      this.#forget(topic);
      this.#failed(error);
    }
    return topic;
  }

  /**
   * Trims every log by age, finds who fell off one that disconnects for it, and forgets the topics that had no subscriber
   * for long enough.
   */
  sweep(
    now: number,
    tooSlow: (subscription: Subscription<Reader>) => void,
  ): void {
    for (const topic of this.#byName.values()) {
      topic.trim(now);
      if (topic.settings.lag === "disconnect") {
        // Who reads nothing has no credit, and no flush looks at it.
        for (const subscription of [...topic.subscriptions]) {
          if (subscription.isTooSlow) tooSlow(subscription);
        }
      }
      if (topic.subscriptions.size > 0) continue;
      if (
        now - topic.idleSince <
          Math.max(this.#forgetMs, topic.settings.maxAgeMs)
      ) continue;
      this.#forget(topic);
      this.#store.forget(topic.name);
    }
  }

  /** Somebody else uses it, or nobody any more: it counts for no address. */
  #share(topic: Topic): void {
    if (topic.lone === undefined) return;
    this.#lone.remove(topic.lone);
    topic.lone = undefined;
  }

  #forget(topic: Topic): void {
    const { name } = topic;
    this.#share(topic);
    this.#byName.delete(name);
    if (!isOwn(name)) this.#shared--;
  }
}

/** Whether a topic is the hub's own: a peer's log, or what hubs tell each other. */
function isOwn(name: string): boolean {
  return name.startsWith("$");
}
