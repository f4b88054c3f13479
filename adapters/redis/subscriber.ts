import type { Buffer } from "node:buffer";
import type { RedisNode } from "./node.ts";
import { type AnnouncedRun, unpackRun } from "./record.ts";

/** Maximum number of channels of one command. */
const MAX_CHANNELS = 500;

/** The callbacks of {@linkcode RedisSubscriber}. */
export interface RedisSubscriberCallbacks {
  /** Records were appended to a topic. */
  announced(topic: string, run: AnnouncedRun): void;
  /** Another node has claimed a session of this node: the number of claims, and the session's hash. */
  claimed(count: number, hash: string): void;
}

/** The node's subscriptions: to the topics that it follows, to claims of its sessions, and to direct messages. */
export class RedisSubscriber {
  readonly #node: RedisNode;
  readonly #callbacks: RedisSubscriberCallbacks;
  /** The followed topics; `true` when the current connection is subscribed. */
  readonly #topics = new Map<string, boolean>();
  /** The unsubscriptions in flight, by topic. */
  readonly #unsubscribing = new Map<string, Promise<void>>();

  constructor(node: RedisNode, callbacks: RedisSubscriberCallbacks) {
    this.#node = node;
    this.#callbacks = callbacks;
  }

  /** Follows a topic. Resolves when the node is subscribed; without a connection, the next one subscribes. */
  async follow(topic: string): Promise<void> {
    if (this.#topics.get(topic)) return;
    this.#topics.set(topic, false);
    await this.#unsubscribing.get(topic);
    if (this.#node.subscriptions.isUp) await this.#subscribe([topic]);
  }

  /** Stops to follow a topic. */
  unfollow(topic: string): void {
    const { subscriptions, keys } = this.#node;
    if (!this.#topics.delete(topic)) return;
    const done = subscriptions.unsubscribe(keys.channel(topic)).catch(() => {})
      .then(() => void this.#unsubscribing.delete(topic));
    this.#unsubscribing.set(topic, done);
  }

  /** Subscribes a new connection to everything that the one before was subscribed to. */
  async resume(): Promise<void> {
    const { subscriptions, keys, id, sink } = this.#node;
    for (const topic of this.#topics.keys()) this.#topics.set(topic, false);
    await subscriptions.subscribe([keys.claims + id], (message) => {
      const [count, hash] = `${message}`.split(" ");
      this.#callbacks.claimed(Number(count), hash!);
    });
    await subscriptions.subscribe([keys.directMessage], (topic) => {
      sink?.directMessage?.(`${topic}`);
    });
    for (;;) {
      // Read again each time: topics may be added meanwhile.
      const left = [...this.#topics].filter(([, isReady]) => !isReady);
      if (left.length === 0) return;
      await this.#subscribe(
        left.slice(0, MAX_CHANNELS).map(([topic]) => topic),
      );
    }
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    const { subscriptions, keys, clock, sink } = this.#node;
    const byChannel = new Map(
      topics.map((topic) => [keys.channel(topic), topic]),
    );
    const channels = [...byChannel.keys()];
    await subscriptions.subscribe(channels, (message, channel: Buffer) => {
      const topic = byChannel.get(`${channel}`);
      if (topic === undefined) return;
      try {
        this.#callbacks.announced(topic, unpackRun(message, clock.now()));
      } catch (error) {
        // Another program publishes on this channel.
        sink?.failed(error);
      }
    });
    // A topic may have been unfollowed while Redis answered.
    for (const topic of topics) {
      if (this.#topics.has(topic)) this.#topics.set(topic, true);
    }
  }
}
