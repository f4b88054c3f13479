import type { Buffer } from "node:buffer";
import type { StoreSink } from "../../hub/log/store.ts";
import type { RedisKeys } from "./keys.ts";
import type { RedisLink } from "./connection.ts";
import { type ToldRun, unpackRun } from "./record.ts";
import type { Clock } from "../../hub/clock.ts";

/** Channels that one command subscribes to. */
const CHUNK = 500;

/** What {@linkcode RedisSubscriber} needs of the store. */
export interface RedisSubscriberContext {
  readonly clock: Clock;
  readonly keys: RedisKeys;
  /** This node. */
  readonly node: string;
  readonly link: RedisLink;
  readonly sink: StoreSink | undefined;
  /** Records were appended to a topic. */
  told(topic: string, run: ToldRun): void;
  /** Another node took a session over from this one: how often it was taken over, and its hash. */
  claimed(count: number, hash: string): void;
}

/** Hears of the topics that this node follows, of the sessions that are taken from it, and of what concerns every node. */
export class RedisSubscriber {
  readonly #context: RedisSubscriberContext;
  /** Whether the connection of now hears a topic's channel. */
  readonly #topics = new Map<string, boolean>();
  /** Topics that Redis is told to say no more of. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(context: RedisSubscriberContext) {
    this.#context = context;
  }

  /** Whether it hears all that it follows. */
  get isUp(): boolean {
    return this.#context.link.isUp;
  }

  /** Follows a topic. Resolves when it is heard; where there is no connection, the next one will hear it. */
  async follow(topic: string): Promise<void> {
    if (this.#topics.get(topic)) return;
    this.#topics.set(topic, false);
    await this.#leaving.get(topic);
    const { link } = this.#context;
    if (link.isUp) await this.#subscribe([topic]);
  }

  /** Follows it no more. */
  unfollow(topic: string): void {
    const { link, keys } = this.#context;
    if (!this.#topics.delete(topic)) return;
    const left = link.unsubscribe(keys.channel(topic)).catch(() => {}).then(
      () => void this.#leaving.delete(topic),
    );
    this.#leaving.set(topic, left);
  }

  /** A new connection: it hears what the one before heard. */
  async resume(): Promise<void> {
    const { link, keys, node } = this.#context;
    for (const topic of this.#topics.keys()) this.#topics.set(topic, false);
    await link.subscribe([keys.claims + node], (message) => {
      const [count, hash] = `${message}`.split(" ");
      this.#context.claimed(Number(count), hash!);
    });
    await link.subscribe([keys.directMessage], (topic) => {
      this.#context.sink?.directMessage?.(`${topic}`);
    });
    for (;;) {
      // Asked again each time: others may come to be followed meanwhile.
      const unheard = [...this.#topics].filter(([, isHeard]) => !isHeard);
      if (unheard.length === 0) return;
      await this.#subscribe(unheard.slice(0, CHUNK).map(([topic]) => topic));
    }
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    const { link, keys, clock } = this.#context;
    const byChannel = new Map(
      topics.map((topic) => [keys.channel(topic), topic]),
    );
    await link.subscribe([...byChannel.keys()], (message, channel: Buffer) => {
      const topic = byChannel.get(`${channel}`);
      if (topic === undefined) return;
      try {
        this.#context.told(topic, unpackRun(message, clock.now()));
      } catch (error) {
        // Not ours: somebody else publishes on this channel.
        this.#context.sink?.failed(error);
      }
    });
    // Given up, or lost, while Redis answered.
    for (const topic of topics) {
      if (this.#topics.has(topic)) this.#topics.set(topic, true);
    }
  }
}
