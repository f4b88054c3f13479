import { createHash } from "node:crypto";
import { peerIdOf } from "../../hub/ids.ts";

/**
 * The names of keys and channels. The keys of one topic share a hash tag, so that a script touches one slot of a Redis
 * Cluster.
 */
export class RedisKeys {
  readonly #prefix: string;
  /** The key that marks a database: it is missing after the database was emptied. */
  readonly databaseMark: string;
  /** The key of the data's generation: see `readGeneration`. */
  readonly generation: string;
  /** The prefix of the channels on which each node is notified of claims of its sessions; the node's id follows. */
  readonly claims: string;
  /** The channel on which topics of direct messages with a new record are announced. */
  readonly directMessage: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.databaseMark = `${prefix}database`;
    this.generation = `${prefix}generation`;
    this.claims = `${prefix}claims:`;
    this.directMessage = `${prefix}directMessage`;
  }

  /** The keys on which the rights of the user are checked. */
  get check(): string[] {
    return [1, 2, 3, 4, 5].map((number) => `${this.#prefix}{check}:${number}`);
  }

  /** The channel on which the rights of the user are checked. */
  get checkChannel(): string {
    return `${this.#prefix}{check}:rights`;
  }

  /** The log's epoch, head and tail. */
  log(topic: string): string {
    return `${this.#topic(topic)}log`;
  }

  /** The log's records. */
  records(topic: string): string {
    return `${this.#topic(topic)}records`;
  }

  /** The log's size at some times, for trimming by bytes and age. */
  marks(topic: string): string {
    return `${this.#topic(topic)}marks`;
  }

  /** The answer to a writer's last append. */
  last(topic: string, writer: string): string {
    return `${this.#topic(topic)}last:${writer}`;
  }

  /** The outcomes of a session's publishes. */
  outcomes(topic: string, session: string): string {
    return `${this.#topic(topic)}outcomes:${peerIdOf(session)}`;
  }

  /** The channel on which a topic's new records are announced. */
  channel(topic: string): string {
    return `${this.#topic(topic)}new`;
  }

  /** A session, without its secret: a reader of the keys cannot resume it. */
  session(session: string): string {
    return `${this.#prefix}session:${sessionHash(session)}`;
  }

  /** A `}` in the topic's name would end the hash tag early; a `{` is harmless. */
  #topic(topic: string): string {
    return `${this.#prefix}{${encodeBrace(topic)}}:`;
  }
}

function encodeBrace(topic: string): string {
  return topic.replace(/[%}]/g, (c) => c === "%" ? "%25" : "%7D");
}

/** Returns the name of a session outside of this process: 144 bits of a one-way hash. */
export function sessionHash(session: string): string {
  return createHash("sha256").update(session).digest("base64url").slice(0, 24);
}
