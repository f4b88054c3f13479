import type { ConnectOptions } from "../../../client.ts";
import { Mischief } from "../fault_injector.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode cuts}. */
export interface CutsOptions {
  readonly clients: number;
  readonly messages: number;
  readonly cuts: number;
  /** Messages a second. Default: as fast as they are acknowledged. */
  readonly perSecond?: number;
  readonly client?: ConnectOptions;
  /** Makes a subscriber. Default: a client that stays in the topic. */
  readonly subscriber?: (stage: Stage, name: string, topic: string) => void;
  /** How long to wait for what should come, in ms. */
  readonly patienceMs?: number;
}

/** Publishes that one client has under way at most, where nothing else paces them. */
const UNDER_WAY = 16;

/** Random cuts of random connections, while every fifth client publishes. */
export async function cuts(
  target: Target,
  random: Random,
  options: CutsOptions,
): Promise<Outcome> {
  const {
    clients,
    messages,
    perSecond = Infinity,
    client = {},
    subscriber = (stage, name, topic) =>
      void stage.subscriber(name, topic, client),
  } = options;
  const topic = `cuts:${random.seed}:${crypto.randomUUID()}`;
  await using stage = new Stage(target, options.patienceMs);
  for (let n = 0; n < clients; n++) {
    if (n % 5 === 0) stage.publisher(`p${n}`, topic, client);
    else subscriber(stage, `s${n}`, topic);
  }
  await stage.joined();
  const mischief = new Mischief(stage.proxy, random);
  const pace = pacer(perSecond);
  for (let n = 0; n < messages; n++) {
    await pace();
    const publisher = random.pick(stage.publishers);
    if (perSecond === Infinity) await publisher.room(UNDER_WAY);
    void publisher.publish({ padBytes: 2 * random.below(100) });
    while (mischief.cuts < Math.floor((n + 1) / messages * options.cuts)) {
      const before = mischief.cuts;
      mischief.strike();
      if (mischief.cuts === before) break;
    }
  }
  stage.proxy.heal();
  await stage.quiet(topic);
  return stage.outcome(mischief.cuts);
}
