import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import { ServerProcess } from "../server_process.ts";

/** Options of {@linkcode race} and {@linkcode failover}. */
export interface NodesOptions {
  /** The URL of the shared Redis. */
  readonly store: string;
  readonly subscribers: number;
  readonly publishers: number;
  readonly messages: number;
  /** The publish rate of all publishers together. Default: as fast as messages are acknowledged. */
  readonly perSecond?: number;
  /** The number of times that all clients move to the other node. */
  readonly failovers?: number;
}

/** The most pending publishes of a client, where no rate is set. */
const MAX_PENDING = 64;

/** Two real nodes on one Redis. */
export class Nodes implements AsyncDisposable {
  readonly a: ServerProcess;
  readonly b: ServerProcess;

  constructor(store: string, ...args: string[]) {
    this.a = new ServerProcess(["--store", store, ...args]);
    this.b = new ServerProcess(["--store", store, ...args]);
  }

  async start(): Promise<this> {
    await Promise.all([this.a.start(), this.b.start()]);
    return this;
  }

  /** Everything that the nodes printed on their standard error. */
  get stderr(): string {
    return this.a.stderr + this.b.stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a[Symbol.asyncDispose]();
    await this.b[Symbol.asyncDispose]();
  }
}

/** Adds publishers and subscribers of one topic, every other one of them to the second node. */
export async function addClients(
  scenario: Scenario,
  nodes: Nodes,
  { topic, publishers, subscribers }: {
    readonly topic: string;
    readonly publishers: number;
    readonly subscribers: number;
  },
): Promise<void> {
  const urls = [scenario.proxy.url, `ws://127.0.0.1:${nodes.b.port}/ws`];
  for (let n = 0; n < publishers; n++) {
    const url = urls[n % 2]!;
    const { client } = scenario.addSubscriberAt(url, `p${n}`, topic);
    scenario.publishWith(`p${n}`, client, topic);
  }
  for (let n = 0; n < subscribers; n++) {
    scenario.addSubscriberAt(urls[n % 2]!, `s${n}`, topic);
  }
  await scenario.subscribed();
}

/** Publishes to one topic from clients of two nodes at once, so that the nodes compete for offsets. */
export async function race(
  random: Random,
  options: NodesOptions,
): Promise<ScenarioResult> {
  const { store, subscribers, publishers, messages } = options;
  const topic = `race:${random.seed}`;
  await using nodes = await new Nodes(store).start();
  await using scenario = new Scenario({ port: nodes.a.port });
  await addClients(scenario, nodes, { topic, publishers, subscribers });
  await Promise.all(scenario.publishers.map(async (publisher, i) => {
    for (let n = i; n < messages; n += publishers) {
      await publisher.capacity(MAX_PENDING);
      void publisher.publish();
    }
  }));
  await scenario.converge(topic);
  expectContiguous(scenario, topic);
  expectSilent(scenario, nodes.stderr);
  return scenario.result(0);
}

/** Disconnects all clients from one node several times, so that they continue at the other one. */
export async function failover(
  random: Random,
  options: NodesOptions,
): Promise<ScenarioResult> {
  const { store, subscribers, publishers, messages } = options;
  const { perSecond = 500, failovers = 0 } = options;
  const topic = `failover:${random.seed}`;
  await using nodes = await new Nodes(store).start();
  await using scenario = new Scenario({ port: nodes.a.port });
  for (let n = 0; n < publishers; n++) scenario.addPublisher(`p${n}`, topic);
  for (let n = 0; n < subscribers; n++) scenario.addSubscriber(`s${n}`, topic);
  await scenario.subscribed();
  const pace = pacer(perSecond);
  let done = 0;
  for (let n = 0; n < messages; n++) {
    await pace();
    void random.pick(scenario.publishers).publish();
    if (done >= Math.floor(n / messages * (failovers + 1))) continue;
    done++;
    scenario.proxy.target = { port: (done % 2 === 0 ? nodes.a : nodes.b).port };
    scenario.proxy.disconnectAll();
  }
  await scenario.converge(topic);
  expectContiguous(scenario, topic);
  scenario.expectNoLoss(topic);
  expectSilent(scenario, nodes.stderr);
  return scenario.result(done);
}

/** Adds a violation unless every publish has an offset of its own, from 0 on and without a jump. */
export function expectContiguous(scenario: Scenario, topic: string): void {
  const offsets = new Set<number>();
  for (const { outcome, body } of scenario.ledger.published) {
    if (outcome === undefined || !("offset" in outcome)) {
      scenario.addViolation(topic, `'${body}' ended with ${outcome?.code}`);
    } else offsets.add(outcome.offset);
  }
  const { length } = scenario.ledger.published;
  const highest = Math.max(...offsets);
  if (offsets.size !== length || highest !== length - 1) {
    scenario.addViolation(
      topic,
      `${length} publishes have ${offsets.size} offsets up to ${highest}`,
    );
  }
}

/** Adds a violation when a node printed an error. */
export function expectSilent(scenario: Scenario, stderr: string): void {
  if (stderr !== "") scenario.addViolation("", `A node printed: ${stderr}`);
}
