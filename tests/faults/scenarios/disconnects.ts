import type { ConnectOptions } from "../../../client.ts";
import { FaultInjector } from "../fault_injector.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import type { Random } from "../random.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";

/** Options of {@linkcode disconnects}. */
export interface DisconnectsOptions {
  readonly clients: number;
  readonly messages: number;
  /** The number of faults. */
  readonly faults: number;
  /** The publish rate of all publishers together. Default: as fast as messages are acknowledged. */
  readonly perSecond?: number;
  readonly client?: ConnectOptions;
  /** Adds a subscriber. Default: a client that stays subscribed. */
  readonly subscriber?: (
    scenario: Scenario,
    name: string,
    topic: string,
  ) => void;
  /** The longest wait for an event, in ms. Default: a minute. */
  readonly timeoutMs?: number;
}

/** The most pending publishes of a client, where no rate is set. */
const MAX_PENDING = 16;

/** Injects random faults into random connections, while every fifth client publishes. */
export async function disconnects(
  target: Target,
  random: Random,
  options: DisconnectsOptions,
): Promise<ScenarioResult> {
  const {
    clients,
    messages,
    perSecond = Infinity,
    client = {},
    subscriber = (scenario, name, topic) =>
      void scenario.addSubscriber(name, topic, client),
  } = options;
  const topic = `disconnects:${random.seed}:${crypto.randomUUID()}`;
  await using scenario = new Scenario(target, options.timeoutMs);
  for (let n = 0; n < clients; n++) {
    if (n % 5 === 0) scenario.addPublisher(`p${n}`, topic, client);
    else subscriber(scenario, `s${n}`, topic);
  }
  await scenario.subscribed();
  const injector = new FaultInjector(scenario.proxy, random);
  const pace = pacer(perSecond);
  for (let n = 0; n < messages; n++) {
    await pace();
    const publisher = random.pick(scenario.publishers);
    if (perSecond === Infinity) await publisher.capacity(MAX_PENDING);
    void publisher.publish({ padBytes: 2 * random.below(100) });
    const due = Math.floor((n + 1) / messages * options.faults);
    while (injector.faults < due) {
      const before = injector.faults;
      injector.inject();
      if (injector.faults === before) break;
    }
  }
  scenario.proxy.heal();
  await scenario.converge(topic);
  return scenario.result(injector.faults);
}
