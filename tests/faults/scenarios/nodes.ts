import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import { ServerProcess } from "../server_process.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode race} and {@linkcode hops}. */
export interface NodesOptions {
  /** The URL of the Redis that they share. */
  readonly store: string;
  readonly subscribers: number;
  readonly publishers: number;
  readonly messages: number;
  /** Messages a second, all publishers together. Default: as fast as they are acknowledged. */
  readonly perSecond?: number;
  /** How often all clients are cut from one node and come to the other. */
  readonly hops?: number;
}

/** Publishes that one client has under way at most, where nothing else paces them. */
const UNDER_WAY = 64;

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

  /** What they complained of. */
  get complaints(): string {
    return this.a.complaints + this.b.complaints;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a[Symbol.asyncDispose]();
    await this.b[Symbol.asyncDispose]();
  }
}

/** Puts publishers and subscribers of one topic on the stage: every other one is on the other node. */
export async function seat(
  stage: Stage,
  nodes: Nodes,
  { topic, publishers, subscribers }: {
    readonly topic: string;
    readonly publishers: number;
    readonly subscribers: number;
  },
): Promise<void> {
  const urls = [stage.proxy.url, `ws://127.0.0.1:${nodes.b.port}/ws`];
  for (let n = 0; n < publishers; n++) {
    const { client } = stage.subscriberAt(urls[n % 2]!, `p${n}`, topic);
    stage.publishes(`p${n}`, client, topic);
  }
  for (let n = 0; n < subscribers; n++) {
    stage.subscriberAt(urls[n % 2]!, `s${n}`, topic);
  }
  await stage.joined();
}

/** Every other client is on the other node, and all publish to one topic at once: its offsets are given by none of them. */
export async function race(
  random: Random,
  options: NodesOptions,
): Promise<Outcome> {
  const { store, subscribers, publishers, messages } = options;
  const topic = `race:${random.seed}`;
  await using nodes = await new Nodes(store).start();
  await using stage = new Stage({ port: nodes.a.port });
  await seat(stage, nodes, { topic, publishers, subscribers });
  await Promise.all(stage.publishers.map(async (publisher, i) => {
    for (let n = i; n < messages; n += publishers) {
      await publisher.room(UNDER_WAY);
      void publisher.publish();
    }
  }));
  await stage.quiet(topic);
  contiguous(stage, topic);
  return complete(stage, nodes, 0);
}

/** All clients are on one node; it is taken from them, and they go on at the other, again and again. */
export async function hops(
  random: Random,
  options: NodesOptions,
): Promise<Outcome> {
  const { store, subscribers, publishers, messages } = options;
  const { perSecond = 500, hops = 0 } = options;
  const topic = `hops:${random.seed}`;
  await using nodes = await new Nodes(store).start();
  await using stage = new Stage({ port: nodes.a.port });
  for (let n = 0; n < publishers; n++) stage.publisher(`p${n}`, topic);
  for (let n = 0; n < subscribers; n++) stage.subscriber(`s${n}`, topic);
  await stage.joined();
  const pace = pacer(perSecond);
  let done = 0;
  for (let n = 0; n < messages; n++) {
    await pace();
    void random.pick(stage.publishers).publish();
    if (done >= Math.floor(n / messages * (hops + 1))) continue;
    done++;
    stage.proxy.target = { port: (done % 2 === 0 ? nodes.a : nodes.b).port };
    stage.proxy.disconnectAll();
  }
  await stage.quiet(topic);
  contiguous(stage, topic);
  if (stage.fresh > 0) {
    stage.violate(topic, `${stage.fresh} sessions were not resumed`);
  }
  if (stage.ledger.gaps > 0) {
    stage.violate(topic, `${stage.ledger.gaps} gaps`);
  }
  return complete(stage, nodes, done);
}

/** Every publish has an offset of its own, and none is left out. */
export function contiguous(stage: Stage, topic: string): void {
  const offsets = new Set<number>();
  for (const { told, body } of stage.ledger.published) {
    if (told === undefined || !("offset" in told)) {
      stage.violate(topic, `'${body}' ended with ${told?.code}`);
    } else offsets.add(told.offset);
  }
  const { length } = stage.ledger.published;
  const highest = Math.max(...offsets);
  if (offsets.size !== length || highest !== length - 1) {
    stage.violate(
      topic,
      `${length} publishes have ${offsets.size} offsets up to ${highest}`,
    );
  }
}

function complete(stage: Stage, nodes: Nodes, cuts: number): Outcome {
  if (nodes.complaints !== "") {
    stage.violate("", `A node complained: ${nodes.complaints}`);
  }
  return stage.outcome(cuts);
}
