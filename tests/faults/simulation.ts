import { MemoryStore } from "../../adapters/store_memory.ts";
import { type Client, connect, type Topic } from "../../client.ts";
import type { Clock } from "../../hub/clock.ts";
import { Hub } from "../../hub/hub.ts";
import type { Store } from "../../hub/log/store.ts";
import { FakeClock } from "../hub/fake_clock.ts";
import { PROTOCOL } from "../../messages.ts";
import { NearSocket } from "../hub/socket_pair.ts";
import { check, type Violation } from "./checker.ts";
import { Ledger, type Stream } from "./ledger.ts";
import { clientClock, microtasks, ProcessClock } from "./process_clock.ts";
import { MemoryNet, type Wire } from "./memory_network.ts";
import { Model } from "./model.ts";
import { follow, type Letter, Publisher } from "./recorder.ts";

/** What can be other than it should be, for the negative controls. */
export interface WorldOptions {
  /** Makes the store. Default: in memory. */
  readonly store?: (clock: Clock) => Store;
  /** Changes the server's end of each connection. */
  readonly tamper?: (near: NearSocket) => void;
}

/** Sessions end soon, and rings are small: both are to be seen. */
export const SESSION_MS = 2_000;
const RING = 8;

export const TOPICS = ["still", "churn"] as const;
const PUBLISHERS = 2;
const SUBSCRIBERS = 2;
export const CLIENTS: number = PUBLISHERS + SUBSCRIBERS;

/** A client in the world, and the wire that it uses now. */
interface Actor {
  readonly client: Client;
  wire: Wire;
  readonly topics: Map<string, Topic>;
  readonly streams: Map<string, Stream>;
  readonly publishers: Map<string, Publisher>;
}

/** A hub, clients and the network between them, all in memory, on one fake clock: the same steps give the same run. */
export class MemoryWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly ledger: Ledger = new Ledger();
  readonly actors: Actor[] = [];
  readonly #options: WorldOptions;
  readonly #net: MemoryNet;
  readonly #model = new Model();
  readonly #rules: Violation[] = [];
  #life: ProcessClock;
  #hub: Hub;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.#life = new ProcessClock(this.clock);
    this.#hub = this.#serve();
    this.#net = new MemoryNet((near, protocol) => {
      this.#options.tamper?.(near);
      return this.#hub.attach(near, { protocol, url: "", address: "" });
    });
    for (let n = 0; n < CLIENTS; n++) this.actors.push(this.#enter(n));
  }

  /** A world in which everybody is in. */
  static async begin(options: WorldOptions = {}): Promise<MemoryWorld> {
    const world = new MemoryWorld(options);
    await world.calm();
    return world;
  }

  /** A publisher publishes. */
  publish(who: number, topic: string, letter: Letter): void {
    void this.actors[who % PUBLISHERS]!.publishers.get(topic)!.publish(letter);
  }

  /** The hub's program publishes so many messages: more than the ring holds, and cursors fall off. */
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
          entry.told = {
            offset,
            epoch: this.#hub.topic(topic).bounds?.epoch,
          };
        },
        () => {
          entry.told = { code: "indeterminate" };
        },
      );
    }
  }

  /** So many parcels reach the server, or the client. */
  async carry(who: number, way: "up" | "down", count: number): Promise<void> {
    const { wire } = this.actors[who]!;
    for (let n = 0; n < count; n++) {
      if (!(way === "up" ? wire.stepUp() : wire.stepDown())) return;
      await microtasks();
    }
  }

  /** What is left on old wires goes on: late, after others have been dialled. */
  async late(): Promise<void> {
    const used = new Set(this.actors.map(({ wire }) => wire));
    for (const wire of this.#net.wires.filter((wire) => !used.has(wire))) {
      while (wire.stepUp()) await microtasks();
    }
    this.#net.tidy();
  }

  /** Somebody else says hello with the session of a client. */
  async steal({ session }: Wire): Promise<void> {
    const near = new NearSocket();
    near.inbound = this.#net.attach(near, PROTOCOL);
    near.inbound.receive(JSON.stringify({ type: "hello", session }));
    await microtasks();
  }

  /** The network between a client and the server is gone; one side finds out now. */
  cut(who: number, side: "client" | "server"): void {
    const { wire } = this.actors[who]!;
    if (side === "client") wire.loseClient();
    else wire.loseServer();
  }

  /** A subscriber joins or leaves the topic that is for that. */
  churn(who: number, last: number | undefined): void {
    const actor = this.actors[PUBLISHERS + who % SUBSCRIBERS]!;
    const topic = actor.topics.get("churn");
    if (topic === undefined) {
      this.#join(actor, who, "churn", last === undefined ? {} : { last });
    } else {
      actor.topics.delete("churn");
      void topic.close();
      actor.streams.get("churn")!.leave();
    }
  }

  /** Time goes by. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await microtasks();
  }

  /** One turn of the hub's event loop. */
  async turn(): Promise<void> {
    this.clock.pass();
    await microtasks();
  }

  /** The server's process dies with everything that it held in memory, and starts again. */
  crash(): void {
    for (const wire of this.#net.wires) wire.crash();
    this.#life.close();
    this.#life = new ProcessClock(this.clock);
    this.#hub = this.#serve();
  }

  /** The network is well, and everything that can happen happens. */
  async calm(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (let moved = true; moved;) {
        moved = false;
        for (const wire of [...this.#net.wires]) {
          while (wire.stepUp()) moved = true;
          await microtasks();
          this.clock.settle();
          await microtasks();
          while (wire.stepDown()) {
            moved = true;
            await microtasks();
          }
        }
        this.#net.tidy();
      }
      if (this.#isCalm()) return;
      await this.pass(50);
    }
  }

  /** Holds everything against the model and the ledger. */
  async verdict(): Promise<Violation[]> {
    await this.calm();
    for (const topic of TOPICS) {
      const end = this.#model.end(topic);
      if (end !== undefined) this.ledger.ends.set(topic, end);
    }
    for (const { topic, told, body, publisher } of this.ledger.published) {
      if (told === undefined && publisher !== "hub") {
        this.#rule(topic, `'${body}' was never settled`);
      }
    }
    for (const { client } of this.actors) {
      if (client.state === "closed") {
        const { code, reason } = client.lastClose ?? {};
        this.#rule("", `A client is closed for good: ${code} ${reason}`);
      }
    }
    return [
      ...this.#rules,
      ...this.#model.verdict(this.ledger),
      ...check(this.ledger),
    ];
  }

  /** Ends it. */
  async end(): Promise<void> {
    for (const { client } of this.actors) client.close();
    const closed = this.#hub.close();
    this.clock.advance(5_000);
    await microtasks();
    this.clock.advance(5_000);
    await closed;
  }

  #isCalm(): boolean {
    return this.actors.every(({ client, streams, publishers }) =>
      client.state === "open" &&
      [...publishers.values()].every(({ pending }) => pending === 0) &&
      [...streams.values()].every(({ at, left, topic }) => {
        const end = this.#model.end(topic);
        return left || end === undefined ||
          (at?.epoch === end.epoch && at.offset >= end.offset);
      })
    );
  }

  #enter(n: number): Actor {
    const name = n < PUBLISHERS ? `p${n}` : `s${n}`;
    // The client dials while it is made: there is a wire before there is an actor.
    const made: { wire?: Wire; actor?: Actor } = {};
    const client = connect("ws://hub.test/ws", {
      lobby: false,
      backoff: { minMs: 20, maxMs: 100 },
      WebSocket: this.#net.socketFor((wire) => {
        made.wire = wire;
        if (made.actor !== undefined) made.actor.wire = wire;
      }),
      clock: clientClock(this.clock),
    });
    const actor: Actor = made.actor = {
      client,
      wire: made.wire!,
      topics: new Map(),
      streams: new Map(),
      publishers: new Map(),
    };
    for (const topic of TOPICS) {
      if (n >= PUBLISHERS && topic === "churn") continue;
      this.#join(actor, n, topic, {});
      if (n >= PUBLISHERS) continue;
      // Numbers count in one topic: no two messages may be alike.
      const publisher = `${name} in ${topic}`;
      actor.publishers.set(
        topic,
        new Publisher(
          this.ledger,
          client,
          actor.topics.get(topic)!,
          publisher,
        ),
      );
    }
    return actor;
  }

  #join(actor: Actor, n: number, name: string, start: { last?: number }): void {
    const topic = actor.client.topic(name, start);
    actor.topics.set(name, topic);
    actor.streams.set(name, follow(this.ledger, topic, `${n}`));
  }

  #serve(): Hub {
    const { store = memory } = this.#options;
    return new Hub(
      { store: this.#model.watch(store(this.#life)), clock: this.#life },
      {
        sessionMs: SESSION_MS,
        topics: { "*": { maxRecords: RING, maxAgeMs: 600_000 } },
        onError: (error, { stage }) => this.#rule("", `${stage}: ${error}`),
      },
    );
  }

  #rule(topic: string, detail: string): void {
    this.#rules.push({ kind: "rule", topic, who: "", detail });
  }
}

function memory(clock: Clock): Store {
  return new MemoryStore(clock, { sessionMs: SESSION_MS });
}
