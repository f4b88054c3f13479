import type { MessageMap } from "../messages.ts";
import type { Core, Refusal } from "./core.ts";
import type { Peer } from "./peer.ts";

/** A publish of the program's own was refused: by the contract, a limit, or the store. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  /** The code of docs/protocol.md: `invalid`, `unknown`, `limit`, `unavailable`, … */
  readonly code: Refusal["code"];
  /** What the validator found. */
  readonly issues: NonNullable<Refusal["issues"]>;

  constructor(topic: string, refusal: Refusal) {
    super(`Cannot publish to '${topic}': ${refusal.message}`);
    this.code = refusal.code;
    this.issues = refusal.issues ?? [];
  }
}

/** A topic as the program that owns the hub uses it. It holds nothing: `hub.topic(name)` is as good as keeping it. */
export class HubTopic<M extends MessageMap> {
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
   * @throws {PublishError} (as a rejection) when it is refused.
   */
  publish<T extends keyof M & string>(
    message: ({ readonly type: T } & M[T]) | Uint8Array<ArrayBuffer>,
  ): Promise<number> {
    const published = new Promise<number>((resolve, reject) => {
      this.#core.publish({
        topic: this.name,
        message,
        settled: (outcome) => {
          if ("code" in outcome) reject(new PublishError(this.name, outcome));
          else resolve(outcome.offset);
        },
      });
    });
    published.catch(() => {});
    return published;
  }

  /** The peers that are in it now. */
  get subscribers(): ReadonlySet<Peer> {
    const subscriptions = this.#core.topics.get(this.name)?.subscriptions ?? [];
    return new Set([...subscriptions].map(({ connection }) => connection));
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
