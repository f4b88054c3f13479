import { type Client, connect, type ConnectOptions } from "../../client.ts";
import { check, type Violation } from "./checker.ts";
import { Ledger, type Stream } from "./ledger.ts";
import { FaultProxy, type Target } from "./proxy.ts";
import { follow, Publisher } from "./recorder.ts";

/** What a scenario came to: a line of the table. */
export interface Outcome {
  readonly cuts: number;
  readonly published: number;
  readonly delivered: number;
  readonly recovered: number;
  readonly gaps: number;
  readonly violations: readonly Violation[];
  /** Anything else worth a word. */
  readonly notes?: string;
}

/** Two outcomes as one. */
export function add(one: Outcome, other: Outcome): Outcome {
  return {
    cuts: one.cuts + other.cuts,
    published: one.published + other.published,
    delivered: one.delivered + other.delivered,
    recovered: one.recovered + other.recovered,
    gaps: one.gaps + other.gaps,
    violations: [...one.violations, ...other.violations],
  };
}

/** After this long of nothing but waiting, in ms, what has not arrived is lost. It never decides what is right. */
const PATIENCE_MS = 60_000;

/** Clients that come back quickly: a scenario has many cuts to go through. */
export const EAGER: ConnectOptions = {
  lobby: false,
  backoff: { minMs: 10, maxMs: 100 },
  connectTimeoutMs: 2_000,
  heartbeat: { intervalMs: 500, timeoutMs: 1_500 },
};

/** Clients behind a fault proxy, their ledger, and the end of the play. */
export class Stage implements AsyncDisposable {
  readonly ledger: Ledger = new Ledger();
  readonly proxy: FaultProxy;
  readonly clients: Client[] = [];
  readonly publishers: Publisher[] = [];
  /** Records that came through a resume. */
  recovered = 0;
  /** Connections that did not resume the session of the one before. */
  fresh = 0;
  readonly #patienceMs: number;
  readonly #leftovers: (() => Promise<unknown>)[] = [];
  readonly #violations: Violation[] = [];

  /**
   * @param target where the server is.
   * @param patienceMs how long to wait for what should come.
   */
  constructor(target: Target, patienceMs: number = PATIENCE_MS) {
    this.proxy = new FaultProxy(target);
    this.#patienceMs = patienceMs;
  }

  /** Something to end with the stage. */
  defer(end: () => Promise<unknown>): void {
    this.#leftovers.push(end);
  }

  /** A client, through the proxy unless told otherwise. */
  client(options: ConnectOptions = {}, url = this.proxy.url): Client {
    const client = connect(url, { ...EAGER, ...options });
    client.addEventListener("recovered", ({ count }) => {
      this.recovered += count;
    });
    let opened = 0;
    client.addEventListener("open", () => {
      if (opened++ > 0 && !client.resumed) this.fresh++;
    });
    client.addEventListener("close", ({ code, reason }) => {
      // Nobody here closes a client before the end.
      this.violate("", `A client is closed for good: ${code} ${reason}`);
    });
    this.clients.push(client);
    return client;
  }

  /** A client in a topic. */
  subscriber(
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream } {
    return this.subscriberAt(this.proxy.url, name, topic, options);
  }

  /** The same at another server. */
  subscriberAt(
    url: string,
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream } {
    const client = this.client(options, url);
    return { client, stream: follow(this.ledger, client.topic(topic), name) };
  }

  /** A client in a topic that publishes there. */
  publisher(
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream; publisher: Publisher } {
    const { client, stream } = this.subscriber(name, topic, options);
    return { client, stream, publisher: this.publishes(name, client, topic) };
  }

  /** A client publishes to a topic. */
  publishes(name: string, client: Client, topic: string): Publisher {
    const publisher = new Publisher(
      this.ledger,
      client,
      client.topic(topic),
      name,
    );
    this.publishers.push(publisher);
    return publisher;
  }

  /** A rule of the scenario's own is broken. */
  violate(topic: string, detail: string): void {
    this.#violations.push({ kind: "rule", topic, who: "", detail });
  }

  /** Waits until everybody is in its topics. */
  async joined(): Promise<void> {
    await this.patiently(
      "joins",
      Promise.all(this.clients.map((client) => client.opened())),
    );
    await this.patiently(
      "joins",
      Promise.all(this.ledger.streams.map((stream) => stream.begun)),
    );
  }

  /** Waits until every outcome was told, marks the end of each topic, and waits until everybody is there. */
  async quiet(...topics: string[]): Promise<void> {
    await this.patiently(
      "outcomes",
      Promise.all(this.publishers.map((publisher) => publisher.settled())),
    );
    const url = `ws://127.0.0.1:${this.proxy.target.port}/ws`;
    const closer = connect(url, { ...EAGER, heartbeat: false });
    for (const name of topics) {
      const topic = closer.topic(name);
      const last = new Publisher(
        this.ledger,
        closer,
        topic,
        `the end of ${name}`,
      );
      await this.patiently("end", topic.joined());
      await this.patiently("end", last.publish());
      const { told } = this.ledger.published.at(-1)!;
      if (told === undefined || !("offset" in told)) {
        this.violate(name, `The end could not be published: ${told?.code}`);
        continue;
      }
      const end = { epoch: told.epoch!, offset: told.offset + 1 };
      this.ledger.ends.set(name, end);
      await this.patiently(
        `end of '${name}'`,
        Promise.all(
          this.ledger.streams.filter((stream) => stream.topic === name)
            .map((stream) => stream.reached(end)),
        ),
      );
    }
    closer.close();
    await closer[Symbol.asyncDispose]();
  }

  /** What came of it. */
  outcome(cuts: number, notes?: string): Outcome {
    return {
      cuts,
      published: this.ledger.published.length,
      delivered: this.ledger.delivered,
      recovered: this.recovered,
      gaps: this.ledger.gaps,
      violations: [...this.#violations, ...check(this.ledger)],
      ...(notes === undefined ? {} : { notes }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.heal();
    await Promise.all(
      this.clients.map((client) => client[Symbol.asyncDispose]()),
    );
    await Promise.all(this.#leftovers.map((end) => end()));
    await this.proxy[Symbol.asyncDispose]();
  }

  /** Waits, but not for ever: what does not come is a violation. */
  async patiently(what: string, promise: Promise<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.violate("", `Waited ${this.#patienceMs} ms for the ${what}`);
        resolve();
      }, this.#patienceMs);
    });
    await Promise.race([promise, late]);
    clearTimeout(timer);
  }
}
