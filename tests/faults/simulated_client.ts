import { type Client, connect, type Topic } from "../../client.ts";
import type { Clock } from "../../hub/clock.ts";
import type { Ledger } from "./ledger.ts";
import type { MemoryConnection, MemoryNetwork } from "./memory_network.ts";
import { clientClock } from "./process_clock.ts";
import { RecordingPublisher, recordTopic } from "./recorder.ts";
import type { Position, Stream } from "./stream.ts";

/** The simulation that a {@linkcode SimulatedClient} is part of. */
export interface Surroundings {
  readonly ledger: Ledger;
  readonly network: MemoryNetwork;
  readonly clock: Clock;
}

/** A real client on a simulated network, whose subscriptions and publishes are recorded. */
export class SimulatedClient {
  readonly client: Client;
  readonly publishers: Map<string, RecordingPublisher> = new Map();
  readonly #ledger: Ledger;
  readonly #nth: number;
  readonly #topics = new Map<string, Topic>();
  readonly #streams = new Map<string, Stream>();
  #connection: MemoryConnection | undefined;

  constructor(nth: number, { ledger, network, clock }: Surroundings) {
    this.#nth = nth;
    this.#ledger = ledger;
    this.client = connect("ws://hub.test/ws", {
      lobby: false,
      backoff: { minMs: 20, maxMs: 100 },
      WebSocket: network.socketFor((connection) => {
        this.#connection = connection;
      }),
      clock: clientClock(clock),
    });
  }

  /** The connection that the client opened last. */
  get connection(): MemoryConnection {
    return this.#connection!;
  }

  /** Subscribes to a topic. */
  subscribe(name: string, start: { last?: number }): void {
    const topic = this.client.topic(name, start);
    this.#topics.set(name, topic);
    this.#streams.set(name, recordTopic(this.#ledger, topic, `${this.#nth}`));
  }

  /** Unsubscribes from a topic. @returns `false` when the client is not subscribed. */
  unsubscribe(name: string): boolean {
    const topic = this.#topics.get(name);
    if (topic === undefined) return false;
    this.#topics.delete(name);
    void topic.close();
    this.#streams.get(name)!.unsubscribe();
    return true;
  }

  /** Adds a publisher of a topic. Its name contains the topic's, so that no two messages have the same body. */
  addPublisher(topic: string): void {
    const publisher = new RecordingPublisher(
      this.#ledger,
      this.client,
      this.#topics.get(topic)!,
      `p${this.#nth} in ${topic}`,
    );
    this.publishers.set(topic, publisher);
  }

  /** Returns `true` when the client is connected, no publish is pending and each cursor is at the end of its log. */
  isSettled(endOf: (topic: string) => Position | undefined): boolean {
    return this.client.state === "open" &&
      [...this.publishers.values()].every(({ pending }) => pending === 0) &&
      [...this.#streams.values()].every(({ at, isUnsubscribed, topic }) => {
        const end = endOf(topic);
        return isUnsubscribed || end === undefined ||
          (at?.epoch === end.epoch && at.offset >= end.offset);
      });
  }
}
