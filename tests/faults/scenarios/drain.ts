import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import type { Random } from "../random.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import { ServerProcess } from "../server_process.ts";
import { Workload } from "../workload.ts";

/** Options of {@linkcode drain}. */
export interface DrainOptions {
  /** The file of the server's store. */
  readonly store: string;
  /** The server's program. Default: the stock server. */
  readonly program?: string;
  readonly subscribers: number;
  readonly publishers: number;
  /** The publish rate of each publisher. */
  readonly perSecond: number;
  /** The number of messages before SIGTERM. */
  readonly before: number;
  readonly overMs: number;
  readonly deadlineMs: number;
  /** The longest wait for an event, in ms. Default: a minute. */
  readonly timeoutMs?: number;
}

/** The result of {@linkcode drain}. */
export interface DrainResult extends ScenarioResult {
  /** The exit code. */
  readonly code: number;
  /** The number of reconnects that started a new session. */
  readonly newSessions: number;
  /** The time from SIGTERM to the end of each connection. */
  readonly disconnectsMs: readonly number[];
}

/** Sends SIGTERM while publishers publish and two peers read nothing, then starts the server again on the same store. */
export async function drain(
  random: Random,
  options: DrainOptions,
): Promise<DrainResult> {
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
  await using scenario = new Scenario(
    { port: server.port },
    options.timeoutMs,
  );
  const outbox = { maxCount: 20_000, maxBytes: 64 * 1024 * 1024 };
  for (let n = 0; n < publishers; n++) {
    scenario.addPublisher(`p${n}`, topic, { outbox });
  }
  for (let n = 0; n < subscribers; n++) scenario.addSubscriber(`s${n}`, topic);
  await scenario.subscribed();
  using plain = await RawPeer.connect(server.port);
  using stalled = await RawPeer.connect(server.port, { protocol: PROTOCOL });
  await stalled.sendJson({ type: "hello" });

  const workload = new Workload(
    perSecond * publishers,
    () => random.pick(scenario.publishers).publish({ padBytes: 2_000 }),
  );
  await workload.published(options.before);
  const signalledAt = performance.now();
  const disconnectsMs: number[] = [];
  for (const client of scenario.clients) {
    client.addEventListener("statechange", ({ previous }) => {
      if (previous === "open") {
        disconnectsMs.push(performance.now() - signalledAt);
      }
    });
  }
  const code = await server.stop();
  await server.start();
  scenario.proxy.target = { port: server.port };
  await scenario.opened();
  await workload.stop();
  await scenario.converge(topic);
  for (const peer of [plain, stalled]) peer.drop();
  const { newSessions } = scenario;
  return { ...scenario.result(1), code, newSessions, disconnectsMs };
}
