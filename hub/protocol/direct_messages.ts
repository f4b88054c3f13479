import type { Start } from "../../messages.ts";
import { directLogOf, directPeerOf } from "../ids.ts";
import type { Limits } from "../limits.ts";
import type { Publisher } from "../log/publisher.ts";
import type { Topic } from "../log/topic.ts";
import type { Topics } from "../log/topics.ts";
import type { Connection } from "../peers/connection.ts";
import type { Connections } from "../peers/connections.ts";
import type { Refusal } from "../refusal.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The parts of the hub that {@linkcode DirectMessages} use. */
export interface DirectMessagesContext {
  readonly limits: Pick<Limits, "peers" | "topics">;
  readonly topics: Topics;
  readonly publisher: Pick<Publisher, "publishAsHub">;
  readonly connections: Pick<Connections, "byId">;
  readonly subscriptions: Pick<Subscriptions, "subscribe">;
}

/**
 * Messages to one peer only. They are records of the peer's direct log, to which the hub subscribes the peer, so that they
 * arrive in order, and a resume delivers those that the peer missed.
 */
export class DirectMessages {
  readonly #context: DirectMessagesContext;

  constructor(context: DirectMessagesContext) {
    this.#context = context;
  }

  /**
   * Publishes a message to a peer's direct log, and subscribes the peer if it is connected to this hub.
   *
   * @param id the peer's public id.
   * @param message a message that the contract accepts, or a binary payload.
   * @returns the record's offset, once the record is committed.
   * @throws {DrumbeatError} (as a rejection) when the message is refused.
   */
  send(id: string, message: object): Promise<number> {
    const { limits, topics, publisher } = this.#context;
    const name = directLogOf(id);
    const most = limits.peers + limits.topics;
    if (topics.get(name) === undefined && topics.internalSize >= most) {
      // A peer may have sent the ids to the program: they need not be of real peers.
      const refusal: Refusal = {
        code: "limit",
        message: `Too many direct logs: at most ${most}`,
      };
      return publisher.publishAsHub(refusal, name, message);
    }
    const topic = topics.openInternal(name);
    this.#subscribe(id, topic);
    return publisher.publishAsHub(topic, name, message);
  }

  /** Subscribes a peer that is connected to this hub to its direct log: any hub of those that share the store wrote to it. */
  received(name: string): void {
    const { connections, topics } = this.#context;
    const id = directPeerOf(name);
    if (id === undefined || connections.byId(id) === undefined) return;
    this.#subscribe(id, topics.openInternal(name));
  }

  /** Returns the direct log of a peer; `undefined` if it is not in memory. */
  find(id: string): Topic | undefined {
    return this.#context.topics.get(directLogOf(id));
  }

  /** Opens the direct log of a peer. */
  open(id: string): Topic {
    return this.#context.topics.openInternal(directLogOf(id));
  }

  /** Opens the direct log of a peer if it may hold records. */
  async openStored(id: string): Promise<Topic | undefined> {
    const name = directLogOf(id);
    const { topics } = this.#context;
    const hasRecords = await topics.mayHaveRecords(name);
    return hasRecords ? topics.openInternal(name) : undefined;
  }

  #subscribe(id: string, topic: Topic): void {
    topic.whenOpen(() => {
      // The peer's connection of now, which may be another one than at the call.
      const connection = this.#context.connections.byId(id);
      if (!connection || connection.subscriptions.has(topic.name)) return;
      const start = startOf(connection, topic);
      const subscribed = this.#context.subscriptions.subscribe(
        connection,
        topic,
        start,
      );
      connection.wire.subscribed(topic.name, subscribed);
    });
  }
}

/** The first record that the peer has not received: other hubs may have written some before this hub opened the log. */
function startOf({ directPosition }: Connection, topic: Topic): Start {
  return directPosition?.epoch === topic.log.epoch
    ? directPosition
    : topic.start;
}
