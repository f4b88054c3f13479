import type { Random } from "../random.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import { ServerProcess } from "../server_process.ts";
import { Workload } from "../workload.ts";

/** Options of {@linkcode kills}. */
export interface KillsOptions {
  /** The file of the server's store. Default: in memory. */
  readonly store?: string;
  readonly kills: number;
  readonly subscribers: number;
  readonly publishers: number;
  /** The publish rate of each publisher. */
  readonly perSecond: number;
  /** The server's program. Default: the stock server. */
  readonly program?: string;
  /** The longest wait for an event, in ms. Default: a minute. */
  readonly timeoutMs?: number;
  /** The number of messages between two kills: at least this many, and less than twice as many. */
  readonly between: number;
}

/** Ends a real server with `kill -9` several times, while publishers publish. */
export async function kills(
  random: Random,
  options: KillsOptions,
): Promise<ScenarioResult> {
  const { store, publishers, subscribers, perSecond, between } = options;
  const topic = `kills:${random.seed}`;
  await using server = await new ServerProcess(
    store === undefined ? [] : ["--store", store],
    options.program,
  ).start();
  await using scenario = new Scenario(
    { port: server.port },
    options.timeoutMs,
  );
  const outbox = { maxCount: 20_000, maxBytes: 16 * 1024 * 1024 };
  for (let n = 0; n < publishers; n++) {
    scenario.addPublisher(`p${n}`, topic, { outbox });
  }
  for (let n = 0; n < subscribers; n++) scenario.addSubscriber(`s${n}`, topic);
  await scenario.subscribed();

  const { ledger } = scenario;
  const workload = new Workload(
    perSecond * publishers,
    (n) => scenario.publishers[n % publishers]!.publish(),
  );
  for (let n = 0; n < options.kills; n++) {
    await workload.published(between + random.below(between));
    const before = ledger.streams.map(({ at }) => at!.epoch);
    await server.kill();
    await server.start();
    scenario.proxy.target = { port: server.port };
    // After a new message is acknowledged, clients of a store in memory receive the log's new epoch.
    await scenario.waitFor("server", scenario.publishers[0]!.publish());
    if (store !== undefined) continue;
    await scenario.waitFor(
      "new epoch",
      Promise.all(
        ledger.streams.map((stream, i) => stream.epochChanged(before[i]!)),
      ),
    );
  }
  await workload.stop();
  await scenario.converge(topic);
  const epochs = new Set(
    ledger.streams.flatMap(({ observations }) =>
      observations.map(({ at }) => at.epoch)
    ),
  );
  if (store === undefined) expectEpochs(scenario, topic, options.kills);
  else {
    if (epochs.size !== 1) {
      scenario.addViolation(topic, `${epochs.size} epochs with a store`);
    }
    if (ledger.gaps > 0) {
      scenario.addViolation(topic, `${ledger.gaps} gaps with a store`);
    }
  }
  if (server.stderr !== "") {
    scenario.addViolation(topic, `The server printed: ${server.stderr}`);
  }
  return scenario.result(options.kills, `${epochs.size} epochs`);
}

/** Adds a violation for each subscriber that did not receive one new epoch for each kill. */
function expectEpochs(scenario: Scenario, topic: string, kills: number): void {
  for (const { observations, subscriber } of scenario.ledger.streams) {
    const received = observations.filter((one) =>
      one.kind === "gap" && one.to === undefined
    ).length;
    if (received === kills) continue;
    scenario.addViolation(
      topic,
      `${subscriber} received ${received} new epochs, not ${kills}`,
    );
  }
}
