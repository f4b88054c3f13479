import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import { ServerProcess } from "../server_process.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode kills}. */
export interface KillsOptions {
  /** The server's store; absent: in memory. */
  readonly store?: string;
  readonly kills: number;
  readonly subscribers: number;
  readonly publishers: number;
  /** Messages a second of each publisher. */
  readonly perSecond: number;
  /** The server's program. Default: the stock server. */
  readonly program?: string;
  /** How long to wait for what should come, in ms. */
  readonly patienceMs?: number;
  /** Messages of all publishers between two kills: at least this many, and up to twice as many. */
  readonly between: number;
}

/** `kill -9` of a real server, again and again, while publishers publish. */
export async function kills(
  random: Random,
  options: KillsOptions,
): Promise<Outcome> {
  const { store, publishers, subscribers, perSecond, between } = options;
  const topic = `kills:${random.seed}`;
  await using server = await new ServerProcess(
    store === undefined ? [] : ["--store", store],
    options.program,
  ).start();
  await using stage = new Stage(
    { port: server.port },
    options.patienceMs,
  );
  const outbox = { maxCount: 20_000, maxBytes: 16 * 1024 * 1024 };
  for (let n = 0; n < publishers; n++) {
    stage.publisher(`p${n}`, topic, { outbox });
  }
  for (let n = 0; n < subscribers; n++) stage.subscriber(`s${n}`, topic);
  await stage.joined();

  let done = false;
  let sent = 0;
  let awaited: { readonly at: number; resolve(): void } | undefined;
  const publish = async () => {
    const pace = pacer(perSecond * publishers);
    while (!done) {
      await pace();
      void stage.publishers[sent++ % publishers]!.publish();
      if (awaited !== undefined && sent >= awaited.at) awaited.resolve();
    }
  };
  const publishing = publish();
  for (let n = 0; n < options.kills; n++) {
    const at = sent + between + random.below(between);
    await new Promise<void>((resolve) => awaited = { at, resolve });
    const before = stage.ledger.streams.map(({ at }) => at!.epoch);
    await server.kill();
    await server.start();
    stage.proxy.target = { port: server.port };
    // Something new was published and acknowledged; in memory everybody hears that the log is another one.
    await stage.patiently("server", stage.publishers[0]!.publish());
    if (store !== undefined) continue;
    await stage.patiently(
      "new epoch",
      Promise.all(
        stage.ledger.streams.map((stream, i) => stream.moved(before[i]!)),
      ),
    );
  }
  done = true;
  await publishing;
  await stage.quiet(topic);
  const epochs = new Set(
    stage.ledger.streams.flatMap(({ heard }) =>
      heard.map(({ at }) => at.epoch)
    ),
  );
  if (store !== undefined) {
    if (epochs.size !== 1) {
      stage.violate(topic, `${epochs.size} epochs with a store`);
    }
    if (stage.ledger.gaps > 0) {
      stage.violate(topic, `${stage.ledger.gaps} gaps with a store`);
    }
  } else {
    for (const { heard, subscriber } of stage.ledger.streams) {
      const told = heard.filter(({ kind, ...gap }) =>
        kind === "gap" && !("to" in gap && gap.to !== undefined)
      ).length;
      if (told !== options.kills) {
        stage.violate(
          topic,
          `${subscriber} was told of ${told} new epochs, not ${options.kills}`,
        );
      }
    }
  }
  if (server.complaints !== "") {
    stage.violate(topic, `The server complained: ${server.complaints}`);
  }
  return stage.outcome(options.kills, `${epochs.size} epochs`);
}
