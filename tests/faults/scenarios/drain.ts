import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import { ServerProcess } from "../server_process.ts";
import { type Outcome, Stage } from "../scenario.ts";

/** How much of {@linkcode drain}. */
export interface DrainOptions {
  /** The server's store. */
  readonly store: string;
  /** The server's program. Default: the stock server. */
  readonly program?: string;
  readonly subscribers: number;
  readonly publishers: number;
  /** Messages a second of each publisher. */
  readonly perSecond: number;
  /** Messages of all publishers before the end is asked for. */
  readonly before: number;
  readonly overMs: number;
  readonly deadlineMs: number;
  /** How long to wait for what should come, in ms. */
  readonly patienceMs?: number;
}

/** What {@linkcode drain} came to. */
export interface Drained extends Outcome {
  /** The exit code. */
  readonly code: number;
  /** From SIGTERM to the end of the process. */
  readonly tookMs: number;
  /** Clients whose session was not the one of before. */
  readonly fresh: number;
  /** From SIGTERM until each client's connection was lost, sorted. */
  readonly cutsMs: readonly number[];
}

/** SIGTERM while publishers publish and two peers read nothing, then a new start on the same store. */
export async function drain(
  random: Random,
  options: DrainOptions,
): Promise<Drained> {
  const { store, publishers, subscribers, perSecond } = options;
  const topic = "lobby";
  await using server = await new ServerProcess([
    "--store",
    store,
    "--drain-over",
    `${options.overMs}`,
    "--drain-deadline",
    `${options.deadlineMs}ms`,
  ], options.program).start();
  await using stage = new Stage(
    { port: server.port },
    options.patienceMs,
  );
  const outbox = { maxCount: 20_000, maxBytes: 64 * 1024 * 1024 };
  for (let n = 0; n < publishers; n++) {
    stage.publisher(`p${n}`, topic, { outbox });
  }
  for (let n = 0; n < subscribers; n++) stage.subscriber(`s${n}`, topic);
  await stage.joined();
  using plain = await RawPeer.connect(server.port);
  using stalled = await RawPeer.connect(server.port, { protocol: PROTOCOL });
  await stalled.sendJson({ type: "hello" });

  let done = false;
  let sent = 0;
  const loaded = Promise.withResolvers<void>();
  const publish = async () => {
    const pace = pacer(perSecond * publishers);
    while (!done) {
      await pace();
      void stage.publishers[random.below(publishers)]!
        .publish({ padBytes: 2_000 });
      if (++sent === options.before) loaded.resolve();
    }
  };
  const publishing = publish();
  await loaded.promise;
  const from = performance.now();
  const cutsMs: number[] = [];
  for (const client of stage.clients) {
    client.addEventListener("statechange", ({ previous }) => {
      if (previous === "open") cutsMs.push(performance.now() - from);
    });
  }
  const code = await server.stop();
  const tookMs = performance.now() - from;
  await server.start();
  stage.proxy.target = { port: server.port };
  await stage.patiently(
    "clients",
    Promise.all(stage.clients.map((client) => client.opened())),
  );
  done = true;
  await publishing;
  await stage.quiet(topic);
  for (const peer of [plain, stalled]) peer.drop();
  return { ...stage.outcome(1), code, tookMs, fresh: stage.fresh, cutsMs };
}
