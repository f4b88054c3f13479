import type { Clock } from "../../hub/clock.ts";
import type { StoreSink } from "../../hub/log/store.ts";
import type { RedisRefused } from "./errors.ts";
import type { RedisKeys } from "./keys.ts";
import type { RedisLink } from "./connection.ts";
import type { RedisSettings } from "./options.ts";
import type { RedisSubscriber } from "./subscriber.ts";

/** What the parts of a store in Redis share. */
export interface RedisContext {
  readonly clock: Clock;
  readonly settings: RedisSettings;
  readonly keys: RedisKeys;
  /** The connection for commands. */
  readonly link: RedisLink;
  /** The connection that hears what other nodes do. */
  readonly subscriber: RedisSubscriber;
  readonly budget: Budget;
  /** This node. */
  readonly node: string;
  /** The process of Redis that answers now; empty: any is as good as the one before. */
  readonly run: string;
  /** How long a log lives after its last append, in ms as Redis takes it; empty: for ever. */
  readonly logTtl: string;
  /** The same for the answer to a script, and for a session's outcomes. */
  readonly answerTtl: string;
  readonly outcomeTtl: string;
  readonly isClosed: boolean;
  readonly sink: StoreSink | undefined;
  /** Redis answered with an error. */
  refused(error: RedisRefused): void;
  /** Redis did what it was asked. */
  answered(): void;
  /** Resolves after a while, or when the store is closed. */
  pause(ms: number): Promise<void>;
}

/** Bytes that may wait, all logs together. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns whether there was room. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  free(bytes: number): void {
    this.#left += bytes;
  }
}
