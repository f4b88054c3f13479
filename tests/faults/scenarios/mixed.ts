import type { Client, Topic } from "../../../client.ts";
import { FaultInjector } from "../fault_injector.ts";
import type { Published } from "../ledger.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { bodyOf, codeOf, recordTopic } from "../recorder.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import type { Stream } from "../stream.ts";

/** Options of {@linkcode mixed}. */
export interface MixedOptions {
  readonly steps: number;
  /** The number of faults. */
  readonly faults: number;
  /** The number of outages that are longer than the session's time to live. */
  readonly outages: number;
  /** The length of an outage, in ms. */
  readonly outageMs: number;
  /** The steps per second. Default: as fast as messages are acknowledged. */
  readonly perSecond?: number;
}

const TOPICS = 3;
const PUBLISHERS = 3;
const SUBSCRIBERS = 7;
const MAX_PENDING = 16;

/** Mixes text and bytes, small and large messages, changing subscriptions, direct messages, faults and expired sessions. */
export async function mixed(
  target: Target,
  random: Random,
  options: MixedOptions,
): Promise<ScenarioResult> {
  const { steps, faults, outages, outageMs, perSecond = Infinity } = options;
  await using scenario = new Scenario(target);
  const topics = Array.from(
    { length: TOPICS },
    (_, n) => `mixed:${random.seed}:${n}:${crypto.randomUUID()}`,
  );
  const directLogs: DirectLog[] = [];
  const subscribers: ChangingSubscriber[] = [];
  for (let n = 0; n < PUBLISHERS + SUBSCRIBERS; n++) {
    const client = scenario.addClient();
    directLogs.push(new DirectLog(scenario, client));
    if (n >= PUBLISHERS) {
      subscribers.push(new ChangingSubscriber(scenario, client, `s${n}`));
      continue;
    }
    for (const topic of topics) {
      recordTopic(scenario.ledger, client.topic(topic), `p${n}`);
      // One publisher for each topic, so that no two messages have the same body.
      scenario.publishWith(`p${n}:${topic}`, client, topic);
    }
  }
  for (const subscriber of subscribers) subscriber.toggle(topics[0]!, random);
  await scenario.subscribed();

  const injector = new FaultInjector(scenario.proxy, random);
  const pace = pacer(perSecond);
  for (let n = 0; n < steps; n++) {
    await pace();
    if (random.chance(0.05)) {
      random.pick(subscribers).toggle(random.pick(topics), random);
    } else if (random.chance(0.1)) {
      random.pick(directLogs).send();
    } else {
      const publisher = random.pick(scenario.publishers);
      if (perSecond === Infinity) await publisher.capacity(MAX_PENDING);
      void publisher.publish({
        binary: random.chance(0.3),
        padBytes: random.chance(0.1) ? 8_000 : 2 * random.below(60),
      });
    }
    const due = Math.floor((n + 1) / steps * faults);
    if (injector.faults < due) injector.inject();
    const outagesDue = Math.floor((n + 1) / steps * outages);
    if (outagesDue > Math.floor(n / steps * outages)) {
      // A real wait: sessions expire by the server's clock.
      scenario.proxy.refusing = true;
      injector.faults += scenario.proxy.disconnectAll();
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      scenario.proxy.refusing = false;
    }
  }
  scenario.proxy.heal();
  await scenario.converge(...topics);
  for (const log of directLogs) await log.converge();
  return scenario.result(
    injector.faults,
    `${scenario.newSessions} sessions expired`,
  );
}

/** A client that subscribes to topics and unsubscribes from them. */
class ChangingSubscriber {
  readonly #scenario: Scenario;
  readonly #client: Client;
  readonly #name: string;
  readonly #subscriptions = new Map<string, { topic: Topic; stream: Stream }>();

  constructor(scenario: Scenario, client: Client, name: string) {
    this.#scenario = scenario;
    this.#client = client;
    this.#name = name;
  }

  toggle(name: string, random: Random): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription !== undefined) {
      this.#subscriptions.delete(name);
      subscription.stream.unsubscribe();
      void subscription.topic.close();
      return;
    }
    const start = random.chance(0.5) ? {} : { last: random.below(40) };
    const topic = this.#client.topic(name, start);
    const stream = recordTopic(this.#scenario.ledger, topic, this.#name);
    this.#subscriptions.set(name, { topic, stream });
  }
}

/** The codes of a failed request after which the hub may have sent the direct message. */
const MAY_BE_SENT = ["disconnected", "timeout", "failed"];

/** The direct log of one client. It belongs to the session and ends with it. */
class DirectLog {
  readonly #scenario: Scenario;
  readonly #client: Client;
  #stream: Stream | undefined;
  #peer: string | undefined;
  readonly #pending = new Set<Promise<void>>();

  constructor(scenario: Scenario, client: Client) {
    this.#scenario = scenario;
    this.#client = client;
    client.addEventListener("open", () => this.#opened(client.peer!));
    client.addEventListener("direct", ({ record }) => {
      const { topic, offset, from } = record;
      if (topic !== this.#stream?.topic) {
        return scenario.addViolation(topic, "A message to another peer");
      }
      const body = record.kind === "binary" ? record.payload : record.message;
      this.#stream.record(this.#peer!, offset, from, bodyOf(body));
    });
    client.addEventListener("gap", ({ topic, from, to }) => {
      if (topic !== this.#stream?.topic) return;
      this.#stream.gap(from, to, { epoch: this.#peer!, offset: to ?? 0 });
    });
  }

  /** Requests a direct message from the hub. */
  send(): void {
    if (this.#client.state !== "open") return;
    const peer = this.#peer!;
    const publisher = `hub to ${peer}`;
    const entry: Published = this.#scenario.ledger.publish(
      publisher,
      `$peer/${peer}`,
      (seq) => `${publisher}#${seq}`,
    );
    const message = { type: "ledger", publisher, seq: entry.seq };
    const requesting = this.#client.request("direct", message).then(
      (offset) => {
        entry.outcome = { offset: offset as number, epoch: peer };
      },
      (error) => {
        const code = codeOf(error);
        entry.outcome = {
          code: MAY_BE_SENT.includes(code) ? "indeterminate" : code,
        };
      },
    ).finally(() => this.#pending.delete(requesting));
    this.#pending.add(requesting);
  }

  /** Marks the end of the log, and waits until the client has received all of it. */
  async converge(): Promise<void> {
    await this.#client.opened();
    await Promise.all(this.#pending);
    this.send();
    await Promise.all(this.#pending);
    const { outcome, topic } = this.#scenario.ledger.published.at(-1)!;
    if (outcome === undefined || !("offset" in outcome)) {
      const detail = "The last direct message could not be sent";
      return this.#scenario.addViolation(topic, detail);
    }
    const end = { epoch: this.#peer!, offset: outcome.offset + 1 };
    this.#scenario.ledger.ends.set(topic, end);
    await this.#scenario.waitFor("direct messages", this.#stream!.reached(end));
  }

  #opened(peer: string): void {
    if (peer === this.#peer) return;
    this.#stream?.unsubscribe();
    this.#peer = peer;
    this.#stream = this.#scenario.ledger.stream("itself", `$peer/${peer}`);
    this.#stream.subscribed({ epoch: peer, offset: 0 });
  }
}
