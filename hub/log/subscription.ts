import type { Connection } from "../peers/connection.ts";
import type { Dialect } from "../peers/dialect.ts";
import type { Topic } from "./topic.ts";

/** Who reads a topic by a cursor: a connection, or the hub itself where it follows a log of its own. */
export interface Reader {
  /** How records reach it. */
  readonly wire: Pick<Dialect, "name" | "hasCredit" | "deliver" | "gap">;
  /** Subscriptions whose delivery waits for credit. */
  readonly waiting: Set<Subscription<Reader>>;
  /** Whether it is gone: nothing is delivered any more. */
  readonly isDetached: boolean;
  /** It cannot go on where it is. */
  close(code: number, reason: string): void;
}

/** A reader's cursor in a topic: all that the hub keeps for a subscriber. */
export class Subscription<R extends Reader = Connection> {
  readonly connection: R;
  readonly topic: Topic;
  /** The offset of the next record to send. It only moves forward. */
  cursor: number;
  /** Whether delivery waits: for credit, or for the store to read. New records do not visit such a subscription. */
  waiting = false;
  /** Whether its cursor was in the log: what it misses from then on, it misses because it is slow. */
  hasKeptUp: boolean;

  constructor(connection: R, topic: Topic, cursor: number) {
    this.connection = connection;
    this.topic = topic;
    this.cursor = cursor;
    this.hasKeptUp = cursor >= topic.tail;
  }

  /** Whether it is to be disconnected: it fell off the log of a topic that wants it so. */
  get isTooSlow(): boolean {
    const { topic } = this;
    return this.hasKeptUp && topic.settings.lag === "disconnect" &&
      this.cursor < topic.tail;
  }
}
