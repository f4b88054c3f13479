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

  constructor(connection: Connection, topic: Topic, cursor: number) {
    this.connection = connection;
    this.topic = topic;
    this.cursor = cursor;
  }
}
