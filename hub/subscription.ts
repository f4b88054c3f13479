import type { Connection } from "./connection.ts";
import type { Topic } from "./topic.ts";

/** A peer's cursor in a topic: all that the hub keeps for a subscriber. */
export class Subscription {
  readonly connection: Connection;
  readonly topic: Topic;
  /** The offset of the next record to send. It only moves forward. */
  cursor: number;
  /** Whether delivery waits: for credit, or for the store to read. New records do not visit such a subscription. */
  waiting = false;
  /** Whether its cursor was in the log: what it misses from then on, it misses because it is slow. */
  hasKeptUp: boolean;

  constructor(connection: Connection, topic: Topic, cursor: number) {
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
