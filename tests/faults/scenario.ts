import { type Client, connect, type ConnectOptions } from "../../client.ts";
import { check } from "./checker.ts";
import { Ledger } from "./ledger.ts";
import { FaultProxy, type Target } from "./proxy.ts";
import { RecordingPublisher, recordTopic } from "./recorder.ts";
import type { Stream } from "./stream.ts";
import type { Violation } from "./violation.ts";
import { within } from "./within.ts";

/** The result of a scenario: a line of the table. */
export interface ScenarioResult {
  /** The number of injected faults. */
  readonly faults: number;
  readonly published: number;
  /** Publishes that failed with another code than `indeterminate`: nothing may be stored. */
  readonly refused: number;
  /** Publishes that failed with `indeterminate`. */
  readonly indeterminate: number;
  readonly delivered: number;
  /** Records that were delivered by a resume. */
  readonly recovered: number;
  readonly gaps: number;
  readonly violations: readonly Violation[];
  /** The measurements of one scenario. */
  readonly notes?: string;
}

/** Adds two results up. */
export function add(
  one: ScenarioResult,
  other: ScenarioResult,
): ScenarioResult {
  return {
    faults: one.faults + other.faults,
    published: one.published + other.published,
    refused: one.refused + other.refused,
    indeterminate: one.indeterminate + other.indeterminate,
    delivered: one.delivered + other.delivered,
    recovered: one.recovered + other.recovered,
    gaps: one.gaps + other.gaps,
    violations: [...one.violations, ...other.violations],
  };
}

/** The default of {@linkcode Scenario}'s timeout, in ms. It is far longer than any wait of a correct server. */
const TIMEOUT_MS = 60_000;

/** Options of clients that reconnect quickly: a scenario has many faults. */
export const QUICK_CLIENT: ConnectOptions = {
  lobby: false,
  backoff: { minMs: 10, maxMs: 100 },
  connectTimeoutMs: 2_000,
  heartbeat: { intervalMs: 500, timeoutMs: 1_500 },
};

/** One run of a chaos scenario: clients behind a fault proxy, their ledger, and the checks at the end. */
export class Scenario implements AsyncDisposable {
  readonly ledger: Ledger = new Ledger();
  readonly proxy: FaultProxy;
  readonly clients: Client[] = [];
  readonly publishers: RecordingPublisher[] = [];
  /** The number of records that were delivered by a resume. */
  recovered = 0;
  /** The number of reconnects that started a new session. */
  newSessions = 0;
  readonly #timeoutMs: number;
  readonly #disposers: (() => Promise<unknown>)[] = [];
  readonly #violations: Violation[] = [];

  /**
   * @param target the server.
   * @param timeoutMs how long {@linkcode Scenario.waitFor} waits. Default: a minute.
   */
  constructor(target: Target, timeoutMs: number = TIMEOUT_MS) {
    this.proxy = new FaultProxy(target);
    this.#timeoutMs = timeoutMs;
  }

  /** Adds an action for the end of the run. */
  defer(dispose: () => Promise<unknown>): void {
    this.#disposers.push(dispose);
  }

  /** Adds a client. @param url the server's URL. Default: the proxy's. */
  addClient(options: ConnectOptions = {}, url = this.proxy.url): Client {
    const client = connect(url, { ...QUICK_CLIENT, ...options });
    client.addEventListener("caughtup", ({ count }) => {
      this.recovered += count;
    });
    let opened = 0;
    client.addEventListener("open", () => {
      if (opened++ > 0 && !client.resumed) this.newSessions++;
    });
    client.addEventListener("close", ({ code, reason }) => {
      // No scenario closes a client before the end.
      this.addViolation("", `A client closed for good: ${code} ${reason}`);
    });
    this.clients.push(client);
    return client;
  }

  /** Adds a client that subscribes to a topic. */
  addSubscriber(
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream } {
    return this.addSubscriberAt(this.proxy.url, name, topic, options);
  }

  /** Adds a client of another server that subscribes to a topic. */
  addSubscriberAt(
    url: string,
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream } {
    const client = this.addClient(options, url);
    const stream = recordTopic(this.ledger, client.topic(topic), name);
    return { client, stream };
  }

  /** Adds a client that subscribes to a topic and publishes to it. */
  addPublisher(
    name: string,
    topic: string,
    options: ConnectOptions = {},
  ): { client: Client; stream: Stream; publisher: RecordingPublisher } {
    const { client, stream } = this.addSubscriber(name, topic, options);
    const publisher = this.publishWith(name, client, topic);
    return { client, stream, publisher };
  }

  /** Makes an existing client a publisher of a topic. */
  publishWith(
    name: string,
    client: Client,
    topic: string,
  ): RecordingPublisher {
    const publisher = new RecordingPublisher(
      this.ledger,
      client,
      client.topic(topic),
      name,
    );
    this.publishers.push(publisher);
    return publisher;
  }

  /** Adds a violation of a rule of this scenario. */
  addViolation(topic: string, detail: string): void {
    this.#violations.push({ kind: "rule", topic, client: "", detail });
  }

  /** Adds a violation for each thing that a durable log rules out: new sessions and gaps. */
  expectNoLoss(topic: string): void {
    if (this.newSessions > 0) {
      this.addViolation(
        topic,
        `${this.newSessions} sessions were not resumed`,
      );
    }
    if (this.ledger.gaps > 0) {
      this.addViolation(topic, `${this.ledger.gaps} gaps`);
    }
  }

  /** Waits until every client is connected and subscribed. */
  async subscribed(): Promise<void> {
    await this.opened();
    await this.waitFor(
      "joins",
      Promise.all(this.ledger.streams.map((stream) => stream.firstObservation)),
    );
  }

  /** Waits until every client is connected. */
  async opened(): Promise<void> {
    await this.waitFor(
      "connections",
      Promise.all(this.clients.map((client) => client.opened())),
    );
  }

  /** Waits until every publish has an outcome, marks the end of each topic, and waits until every subscriber is there. */
  async converge(...topics: string[]): Promise<void> {
    await this.waitFor(
      "outcomes",
      Promise.all(this.publishers.map((publisher) => publisher.settled())),
    );
    const url = `ws://127.0.0.1:${this.proxy.target.port}/ws`;
    await using client = connect(url, { ...QUICK_CLIENT, heartbeat: false });
    for (const name of topics) {
      const topic = client.topic(name);
      const last = new RecordingPublisher(
        this.ledger,
        client,
        topic,
        `the end of ${name}`,
      );
      await this.waitFor("end", topic.subscribed());
      await this.waitFor("end", last.publish());
      const { outcome } = this.ledger.published.at(-1)!;
      if (outcome === undefined || !("offset" in outcome)) {
        this.addViolation(
          name,
          `The end could not be published: ${outcome?.code}`,
        );
        continue;
      }
      const end = { epoch: outcome.epoch!, offset: outcome.offset + 1 };
      this.ledger.ends.set(name, end);
      await this.waitFor(
        `end of '${name}'`,
        Promise.all(
          this.ledger.streams.filter((stream) => stream.topic === name)
            .map((stream) => stream.reached(end)),
        ),
      );
    }
  }

  /** Checks the ledger. @returns the result of the run. */
  result(faults: number, notes?: string): ScenarioResult {
    const { published, refused, indeterminate, delivered, gaps } = this.ledger;
    return {
      faults,
      published: published.length,
      refused,
      indeterminate,
      delivered,
      recovered: this.recovered,
      gaps,
      violations: [...this.#violations, ...check(this.ledger)],
      ...(notes === undefined ? {} : { notes }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.heal();
    await Promise.all(
      this.clients.map((client) => client[Symbol.asyncDispose]()),
    );
    await Promise.all(this.#disposers.map((dispose) => dispose()));
    await this.proxy[Symbol.asyncDispose]();
  }

  /** Waits for a promise. One that takes longer than the timeout is a violation. */
  async waitFor(what: string, promise: Promise<unknown>): Promise<void> {
    const done = promise.then(() => true);
    if (await within(done, this.#timeoutMs) === true) return;
    this.addViolation("", `Waited ${this.#timeoutMs} ms for the ${what}`);
  }
}
