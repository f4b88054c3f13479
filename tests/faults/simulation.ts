import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Clock } from "../../hub/clock.ts";
import { Hub } from "../../hub/hub.ts";
import type { Store } from "../../hub/log/store.ts";
import { PROTOCOL } from "../../messages.ts";
import { FakeClock } from "../hub/fake_clock.ts";
import { NearSocket } from "../hub/socket_pair.ts";
import { check } from "./checker.ts";
import { Ledger } from "./ledger.ts";
import { type MemoryConnection, MemoryNetwork } from "./memory_network.ts";
import { Model } from "./model.ts";
import { microtasks, ProcessClock } from "./process_clock.ts";
import { codeOf, type MessageShape } from "./recorder.ts";
import { SimulatedClient } from "./simulated_client.ts";
import type { Violation } from "./violation.ts";

/** The parts of a {@linkcode Simulation} that a negative control replaces. */
export interface SimulationOptions {
  /** Creates the store. Default: in memory. */
  readonly store?: (clock: Clock) => Store;
  /** Changes the server's socket of each connection. */
  readonly tamper?: (near: NearSocket) => void;
}

/** A short session and a small log, so that a history of 100 steps reaches both ends. */
export const SESSION_MS = 2_000;
const MAX_RECORDS = 8;

export const TOPICS = ["still", "churn"] as const;
const PUBLISHERS = 2;
const SUBSCRIBERS = 2;
export const CLIENTS: number = PUBLISHERS + SUBSCRIBERS;

/** A hub, its clients and the network between them in memory, on one fake clock: the same steps give the same run. */
export class Simulation {
  readonly clock: FakeClock = new FakeClock();
  readonly ledger: Ledger = new Ledger();
  readonly clients: SimulatedClient[] = [];
  readonly #options: SimulationOptions;
  readonly #network: MemoryNetwork;
  readonly #model = new Model();
  readonly #violations: Violation[] = [];
  #processClock: ProcessClock;
  #hub: Hub;

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.#processClock = new ProcessClock(this.clock);
    this.#hub = this.#startHub();
    this.#network = new MemoryNetwork((near, protocol) => {
      this.#options.tamper?.(near);
      return this.#hub.transport.attach(near, {
        protocol,
        url: "",
        address: "",
      });
    });
    for (let n = 0; n < CLIENTS; n++) this.clients.push(this.#addClient(n));
  }

  /** Creates a simulation in which every client is subscribed. */
  static async start(options: SimulationOptions = {}): Promise<Simulation> {
    const simulation = new Simulation(options);
    await simulation.settle();
    return simulation;
  }

  /** Publishes a message from a client. */
  publish(client: number, topic: string, shape: MessageShape): void {
    const { publishers } = this.clients[client % PUBLISHERS]!;
    void publishers.get(topic)!.publish(shape);
  }

  /** Publishes messages from the hub's program: more than the log keeps, so that cursors fall behind its tail. */
  burst(topic: string, count: number): void {
    for (let n = 0; n < count; n++) {
      const entry = this.ledger.publish(
        "hub",
        topic,
        (seq) => `hub in ${topic}#${seq}`,
      );
      void this.#hub.topic(topic).publish(
        { type: "ledger", publisher: `hub in ${topic}`, seq: entry.seq },
      ).then(
        (offset) => {
          entry.outcome = {
            offset,
            epoch: this.#hub.topic(topic).bounds?.epoch,
          };
        },
        (error) => {
          entry.outcome = { code: codeOf(error) };
        },
      );
    }
  }

  /** Delivers up to `count` packets of a client's connection, to the server or to the client. */
  async deliver(
    client: number,
    direction: "up" | "down",
    count: number,
  ): Promise<void> {
    const { connection } = this.clients[client]!;
    for (let n = 0; n < count; n++) {
      const delivered = direction === "up"
        ? connection.deliverUp()
        : connection.deliverDown();
      if (!delivered) return;
      await microtasks();
    }
  }

  /** Delivers the packets of replaced connections to the server: they arrive after those of later connections. */
  async deliverStale(): Promise<void> {
    const current = new Set(this.clients.map(({ connection }) => connection));
    for (const connection of this.#network.connections) {
      if (current.has(connection)) continue;
      while (connection.deliverUp()) await microtasks();
    }
    this.#network.removeClosed();
  }

  /** Opens another connection with the session of a client, as a second browser tab does. */
  async takeOver({ session }: MemoryConnection): Promise<void> {
    const near = new NearSocket();
    near.inbound = this.#network.attach(near, PROTOCOL);
    near.inbound.receive(JSON.stringify({ type: "hello", session }));
    await microtasks();
  }

  /** Ends a client's connection. Only one side notices it now. */
  disconnect(client: number, side: "client" | "server"): void {
    const { connection } = this.clients[client]!;
    if (side === "client") connection.dropAtClient();
    else connection.dropAtServer();
  }

  /** Subscribes a client to the topic `churn`, or unsubscribes it. */
  churn(client: number, last: number | undefined): void {
    const subscriber = this.clients[PUBLISHERS + client % SUBSCRIBERS]!;
    if (!subscriber.unsubscribe("churn")) {
      subscriber.subscribe("churn", last === undefined ? {} : { last });
    }
  }

  /** Advances the clock. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await microtasks();
  }

  /** Runs one turn of the hub's event loop. */
  async turn(): Promise<void> {
    this.clock.pass();
    await microtasks();
  }

  /** Ends the server's process, with everything that it had in memory, and starts it again. */
  crash(): void {
    for (const connection of this.#network.connections) {
      connection.crashServer();
    }
    this.#processClock.close();
    this.#processClock = new ProcessClock(this.clock);
    this.#hub = this.#startHub();
  }

  /** Delivers every packet and runs every timer, until each client is connected and each cursor at the end of its log. */
  async settle(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (let moved = true; moved;) {
        moved = false;
        for (const connection of [...this.#network.connections]) {
          while (connection.deliverUp()) moved = true;
          await microtasks();
          this.clock.settle();
          await microtasks();
          while (connection.deliverDown()) {
            moved = true;
            await microtasks();
          }
        }
        this.#network.removeClosed();
      }
      if (this.#isSettled()) return;
      await this.advance(50);
    }
  }

  /** Settles the simulation and checks it against the model and the ledger. @returns the violations. */
  async check(): Promise<Violation[]> {
    await this.settle();
    for (const topic of TOPICS) {
      const end = this.#model.end(topic);
      if (end !== undefined) this.ledger.ends.set(topic, end);
    }
    for (const { topic, outcome, body, publisher } of this.ledger.published) {
      if (outcome === undefined && publisher !== "hub") {
        this.#addViolation(topic, `'${body}' has no outcome`);
      }
    }
    for (const { client } of this.clients) {
      if (client.state === "closed") {
        const { code, reason } = client.lastClose ?? {};
        this.#addViolation("", `A client closed for good: ${code} ${reason}`);
      }
    }
    return [
      ...this.#violations,
      ...this.#model.check(this.ledger),
      ...check(this.ledger),
    ];
  }

  /** Closes the clients and the hub. */
  async close(): Promise<void> {
    for (const { client } of this.clients) client.close();
    const closed = this.#hub.close();
    this.clock.advance(5_000);
    await microtasks();
    this.clock.advance(5_000);
    await closed;
  }

  #isSettled(): boolean {
    return this.clients.every((one) =>
      one.isSettled((topic) => this.#model.end(topic))
    );
  }

  #addClient(n: number): SimulatedClient {
    const isPublisher = n < PUBLISHERS;
    const client = new SimulatedClient(n, {
      ledger: this.ledger,
      network: this.#network,
      clock: this.clock,
    });
    for (const topic of TOPICS) {
      if (!isPublisher && topic === "churn") continue;
      client.subscribe(topic, {});
      if (isPublisher) client.addPublisher(topic);
    }
    return client;
  }

  #startHub(): Hub {
    const { store = memoryStore } = this.#options;
    const clock = this.#processClock;
    return new Hub(
      { store: () => this.#model.watch(store(clock)), clock },
      {
        sessionMs: SESSION_MS,
        topics: { "*": { maxRecords: MAX_RECORDS, maxAgeMs: 600_000 } },
        onError: (error, { stage }) =>
          this.#addViolation("", `${stage}: ${error}`),
      },
    );
  }

  #addViolation(topic: string, detail: string): void {
    this.#violations.push({ kind: "rule", topic, client: "", detail });
  }
}

function memoryStore(clock: Clock): Store {
  return new MemoryStore(clock, { sessionMs: SESSION_MS });
}
