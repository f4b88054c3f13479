import type { Client, Topic } from "../../../client.ts";
import { Mischief } from "../fault_injector.ts";
import type { Published, Stream } from "../ledger.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { bodyOf, follow } from "../recorder.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode mixed}. */
export interface MixedOptions {
  readonly steps: number;
  readonly cuts: number;
  /** How often the network is gone for longer than a session lives. */
  readonly sleeps: number;
  /** For so long, in ms. */
  readonly sleepMs: number;
  /** Steps a second. Default: as fast as they are acknowledged. */
  readonly perSecond?: number;
}

const TOPICS = 3;
const PUBLISHERS = 3;
const SUBSCRIBERS = 7;
const UNDER_WAY = 16;

/** Text and bytes, small and large; topics that are left and joined again; peers' own logs; sessions that end; cuts. */
export async function mixed(
  target: Target,
  random: Random,
  { steps, cuts, sleeps, sleepMs, perSecond = Infinity }: MixedOptions,
): Promise<Outcome> {
  await using stage = new Stage(target);
  const topics = Array.from(
    { length: TOPICS },
    (_, n) => `mixed:${random.seed}:${n}:${crypto.randomUUID()}`,
  );
  const directs: Direct[] = [];
  const readers: Reader[] = [];
  for (let n = 0; n < PUBLISHERS + SUBSCRIBERS; n++) {
    const client = stage.client();
    directs.push(new Direct(stage, client));
    if (n >= PUBLISHERS) {
      readers.push(new Reader(stage, client, `s${n}`));
      continue;
    }
    for (const topic of topics) {
      follow(stage.ledger, client.topic(topic), `p${n}`);
      // A publisher's numbers count in one topic, and no two messages are alike.
      stage.publishes(`p${n}:${topic}`, client, topic);
    }
  }
  for (const reader of readers) reader.toggle(topics[0]!, random);
  await stage.joined();

  const mischief = new Mischief(stage.proxy, random);
  const pace = pacer(perSecond);
  for (let n = 0; n < steps; n++) {
    await pace();
    if (random.chance(0.05)) {
      random.pick(readers).toggle(random.pick(topics), random);
    } else if (random.chance(0.1)) {
      random.pick(directs).send();
    } else {
      const publisher = random.pick(stage.publishers);
      if (perSecond === Infinity) await publisher.room(UNDER_WAY);
      void publisher.publish({
        binary: random.chance(0.3),
        padBytes: random.chance(0.1) ? 8_000 : 2 * random.below(60),
      });
    }
    const due = Math.floor((n + 1) / steps * cuts);
    if (mischief.cuts < due) mischief.strike();
    if (Math.floor((n + 1) / steps * sleeps) > Math.floor(n / steps * sleeps)) {
      // Time is the fault here: sessions end by it.
      stage.proxy.refusing = true;
      mischief.cuts += stage.proxy.disconnectAll();
      await new Promise((resolve) => setTimeout(resolve, sleepMs));
      stage.proxy.refusing = false;
    }
  }
  stage.proxy.heal();
  await stage.quiet(...topics);
  for (const direct of directs) await direct.end();
  return stage.outcome(mischief.cuts, `${stage.fresh} sessions ended`);
}

/** A client that joins and leaves topics. */
class Reader {
  readonly #stage: Stage;
  readonly #client: Client;
  readonly #name: string;
  readonly #in = new Map<string, { topic: Topic; stream: Stream }>();

  constructor(stage: Stage, client: Client, name: string) {
    this.#stage = stage;
    this.#client = client;
    this.#name = name;
  }

  toggle(name: string, random: Random): void {
    const there = this.#in.get(name);
    if (there !== undefined) {
      this.#in.delete(name);
      there.stream.leave();
      void there.topic.close();
      return;
    }
    const start = random.chance(0.5) ? {} : { last: random.below(40) };
    const topic = this.#client.topic(name, start);
    const stream = follow(this.#stage.ledger, topic, this.#name);
    this.#in.set(name, { topic, stream });
  }
}

/** What the hub sends to one client alone. Its log is the session's: it ends with it. */
class Direct {
  readonly #stage: Stage;
  readonly #client: Client;
  #stream: Stream | undefined;
  #peer: string | undefined;
  readonly #asked = new Set<Promise<void>>();

  constructor(stage: Stage, client: Client) {
    this.#stage = stage;
    this.#client = client;
    client.addEventListener("open", () => this.#opened(client.peer!));
    client.addEventListener("direct", ({ record }) => {
      const { topic, offset, from } = record;
      if (topic !== this.#stream?.topic) {
        return stage.violate(topic, "A message of another peer's log");
      }
      const body = record.kind === "binary" ? record.payload : record.message;
      this.#stream.record(this.#peer!, offset, from, bodyOf(body));
    });
    client.addEventListener("gap", ({ topic, from, to }) => {
      if (topic !== this.#stream?.topic) return;
      this.#stream.gap(from, to, { epoch: this.#peer!, offset: to ?? 0 });
    });
  }

  /** Asks the hub to send one. */
  send(): void {
    if (this.#client.state !== "open") return;
    const peer = this.#peer!;
    const publisher = `hub to ${peer}`;
    const entry: Published = this.#stage.ledger.publish(
      publisher,
      `$peer/${peer}`,
      (seq) => `${publisher}#${seq}`,
    );
    const message = { type: "ledger", publisher, seq: entry.seq };
    const asked = this.#client.request("direct", message).then(
      (offset) => {
        entry.told = { offset: offset as number, epoch: peer };
      },
      () => {
        entry.told = { code: "indeterminate" };
      },
    ).finally(() => this.#asked.delete(asked));
    this.#asked.add(asked);
  }

  /** Waits until all of it has arrived. */
  async end(): Promise<void> {
    await this.#client.opened();
    await Promise.all(this.#asked);
    this.send();
    await Promise.all(this.#asked);
    const { told, topic } = this.#stage.ledger.published.at(-1)!;
    if (told === undefined || !("offset" in told)) {
      return this.#stage.violate(topic, "The hub could not send the last one");
    }
    const end = { epoch: this.#peer!, offset: told.offset + 1 };
    this.#stage.ledger.ends.set(topic, end);
    await this.#stage.patiently("own log", this.#stream!.reached(end));
  }

  #opened(peer: string): void {
    if (peer === this.#peer) return;
    this.#stream?.leave();
    this.#peer = peer;
    this.#stream = this.#stage.ledger.stream("itself", `$peer/${peer}`);
    this.#stream.joined({ epoch: peer, offset: 0 });
  }
}
