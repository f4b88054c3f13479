import { createHash } from "node:crypto";
import { peerIdOf } from "../../hub/ids.ts";

/**
 * The names of keys and channels. Keys of one topic share a hash tag, so that a script touches one slot of a Redis
 * Cluster.
 */
export class RedisKeys {
  readonly #prefix: string;
  /** Gone when the database was emptied. */
  readonly sentinel: string;
  /** What the channels begin with on which each node is told of its sessions that others claimed; its name follows. */
  readonly claims: string;
  /** The channel on which peers' own logs are said to have a new record. */
  readonly directMessage: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.sentinel = `${prefix}sentinel`;
    this.claims = `${prefix}claims:`;
    this.directMessage = `${prefix}directMessage`;
  }

  /** The log's epoch, head and tail. */
  log(topic: string): string {
    return `${this.#topic(topic)}log`;
  }

  /** The log's records. */
  records(topic: string): string {
    return `${this.#topic(topic)}records`;
  }

  /** Where the log was how long, and when: what it is trimmed by. */
  marks(topic: string): string {
    return `${this.#topic(topic)}marks`;
  }

  /** How a writer's last append ended. */
  last(topic: string, writer: string): string {
    return `${this.#topic(topic)}last:${writer}`;
  }

  /** How a session's publishes ended. */
  outcomes(topic: string, session: string): string {
    return `${this.#topic(topic)}outcomes:${peerIdOf(session)}`;
  }

  /** The channel on which a topic's new records are told. */
  channel(topic: string): string {
    return `${this.#topic(topic)}new`;
  }

  /** A session, without its secret: who reads the keys of Redis cannot resume it. */
  session(session: string): string {
    return `${this.#prefix}session:${sessionHash(session)}`;
  }

  /** A `}` in the name would end the hash tag early, a `{` is harmless. */
  #topic(topic: string): string {
    return `${this.#prefix}{${encodeBrace(topic)}}:`;
  }
}

function encodeBrace(topic: string): string {
  return topic.replace(/[%}]/g, (c) => c === "%" ? "%25" : "%7D");
}

/** What stands for a session outside of this process: 144 bits of a one-way hash. */
export function sessionHash(session: string): string {
  return createHash("sha256").update(session).digest("base64url").slice(0, 24);
}
