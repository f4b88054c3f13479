import {
  type AnyMessages,
  isCount,
  type MessageInput,
  type MessageMap,
} from "../messages.ts";
import { Connection } from "./peers/connection.ts";
import type { Core } from "./core.ts";
import type { HubHistory } from "./log/history.ts";
import type { Peer } from "./peer.ts";
import { refusalError } from "./refusal.ts";

/** Options of {@linkcode HubTopic.history}. */
export interface HistoryOptions {
  /** The first offset wanted. Default: the oldest that the log has. */
  readonly from?: number;
  /** Most records wanted; the answer may hold fewer, about 64 KiB of them. Default: 100. */
  readonly limit?: number;
}

/** A topic as the program that owns the hub uses it. It holds nothing: `hub.topic(name)` is as good as keeping it. */
export class HubTopic<
  M extends MessageMap = AnyMessages,
  P = unknown,
  Auth = unknown,
  State = unknown,
> {
  /** The topic's name. */
  readonly name: string;
  readonly #core: Core;

  /** Use `hub.topic(name)`. */
  constructor(core: Core, name: string) {
    this.#core = core;
    this.name = name;
  }

  /**
   * Publishes a message, or bytes, in the hub's own name (`from` is `$hub`).
   *
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset, once it is committed. A rejection that nobody looks at does not end the process.
   * @throws {DrumbeatError} (as a rejection) when it is refused.
   */
  publish<T extends keyof M & string>(
    message: MessageInput<M, T> | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    const { topics, publisher, heartbeat } = this.#core;
    // What is published while nobody has ever connected is swept as well.
    heartbeat.start();
    return publisher.publishOwn(topics.open(this.name), this.name, message);
  }

  /**
   * Reads the topic's past, as far as the log has it.
   *
   * @param options the first offset wanted (default: the oldest there is) and how many records at most (default: 100).
   * @returns records without holes, and where the log begins and ends.
   * @throws {DrumbeatError} (as a rejection) when the topic cannot be had, or its log not be read.
   * @throws {RangeError} (as a rejection) when a number is not a non-negative integer.
   */
  async history(options: HistoryOptions = {}): Promise<HubHistory> {
    const { from = 0, limit = 100 } = options;
    for (const [name, value] of Object.entries({ from, limit })) {
      if (isCount(value)) continue;
      throw new RangeError(
        `'${name}' must be a non-negative integer, not ${value}`,
      );
    }
    const found = await this.#core.read(this.name, from, limit);
    if ("code" in found) {
      throw refusalError(`Cannot read the history of '${this.name}'`, found);
    }
    return found;
  }

  /**
   * Who is in the topic's presence: what each says of itself, by its public id. Where hubs share a store, those of all of
   * them, as far as this one knows: it follows a topic while it has a member of it, and for half a minute after it had one
   * or was asked here. Asked for the first time, it does not know the others' yet.
   */
  get presence(): ReadonlyMap<string, P> {
    return this.#core.presence.members(this.name) as ReadonlyMap<string, P>;
  }

  /** The peers that are in it now, connected to this hub. */
  get subscribers(): ReadonlySet<Peer<M, Auth, State>> {
    const subscriptions = this.#core.topics.get(this.name)?.subscriptions ?? [];
    // The hub itself follows some of its own logs.
    return new Set(
      [...subscriptions].map(({ connection }) => connection)
        .filter((reader) => reader instanceof Connection),
    ) as ReadonlySet<Peer> as ReadonlySet<Peer<M, Auth, State>>;
  }

  /** The log's epoch, its oldest offset and the next one; `undefined` while nobody has used the topic. */
  get bounds(): {
    readonly epoch: string;
    readonly tail: number;
    readonly head: number;
  } | undefined {
    const topic = this.#core.topics.get(this.name);
    if (topic === undefined || topic.epoch === "") return undefined;
    return { epoch: topic.epoch, tail: topic.tail, head: topic.head };
  }
}
