import { DEFAULTS } from "../../../client/options.ts";
import { freePort, ProxyProcess } from "../../deploy/proxy_process.ts";
import { Interruptions } from "../interruptions.ts";
import type { Random } from "../random.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import { ServerProcess } from "../server_process.ts";
import { Workload } from "../workload.ts";
import { expectContiguous, expectSilent } from "./nodes.ts";

/** Options of {@linkcode rolling}. */
export interface RollingOptions {
  /** The URL of the shared Redis. Default: each node has its logs in memory, for the negative control. */
  readonly store?: string;
  readonly subscribers: number;
  readonly publishers: number;
  /** The publish rate of all publishers together. */
  readonly perSecond: number;
  /** The number of restarts, of the two nodes by turns. */
  readonly restarts: number;
  /** The end of a node: SIGTERM and a drain, or `kill -9`. Default: drain. */
  readonly end?: "drain" | "kill";
  /** The highest 99th percentile of the interruptions, in ms. Default: no limit. */
  readonly withinMs?: number;
  /** The longest wait for an event, in ms. Default: a minute. */
  readonly timeoutMs?: number;
}

/** The result of {@linkcode rolling}. */
export interface RollingResult extends ScenarioResult {
  /** The interruptions of every client. */
  readonly interruptions: Interruptions;
  /** The number of reconnects that started a new session. */
  readonly newSessions: number;
}

/** Restarts two real nodes behind a real HAProxy by turns, while clients publish and subscribe through the proxy. */
export async function rolling(
  random: Random,
  options: RollingOptions,
): Promise<RollingResult> {
  const { store, publishers, subscribers, perSecond, end = "drain" } = options;
  const topic = `rolling:${random.seed}`;
  // Fixed ports: HAProxy expects a restarted node at its old address.
  const ports = [freePort(), freePort()];
  const nodes = ports.map((port) =>
    new ServerProcess([
      "--port",
      `${port}`,
      ...["--trusted-proxies", "1", "--limits", "none"],
      ...(store === undefined ? [] : ["--store", store]),
    ])
  );
  await using _nodes = new AsyncDisposableStack();
  for (const node of nodes) _nodes.use(node);
  await Promise.all(nodes.map((node) => node.start()));
  await using proxy = await ProxyProcess.start("haproxy-nodes", {
    upstreams: ports,
    idleMs: 60_000,
    drainMs: 500,
  });
  await using scenario = new Scenario({ port: proxy.port }, options.timeoutMs);
  const url = `ws://127.0.0.1:${proxy.port}/ws`;
  // The default backoff of the client, so that the interruptions are those of a real program.
  const client = { backoff: DEFAULTS.backoff };
  // Larger than the default: kills in a row raise the backoff to 15 s, and a full outbox refuses messages.
  const outbox = { maxCount: 20_000, maxBytes: 16 * 1024 * 1024 };
  for (let n = 0; n < publishers; n++) {
    const options = { ...client, outbox };
    const added = scenario.addSubscriberAt(url, `p${n}`, topic, options);
    scenario.publishWith(`p${n}`, added.client, topic);
  }
  for (let n = 0; n < subscribers; n++) {
    scenario.addSubscriberAt(url, `s${n}`, topic, client);
  }
  await scenario.subscribed();
  const interruptions = new Interruptions();
  for (const one of scenario.clients) interruptions.watch(one);

  const workload = new Workload(
    perSecond,
    () => random.pick(scenario.publishers).publish(),
  );
  for (let n = 0; n < options.restarts; n++) {
    const node = nodes[n % nodes.length]!;
    if (end === "kill") await node.kill();
    else if (await node.stop() !== 0) {
      scenario.addViolation("", "A drain failed");
    }
    await node.start();
    await proxy.allUp();
    await scenario.opened();
  }
  await workload.stop();
  await scenario.converge(topic);
  expectContiguous(scenario, topic);
  scenario.expectNoLoss(topic);
  expectSilent(scenario, nodes.map(({ stderr }) => stderr).join(""));
  const { withinMs = Infinity } = options;
  if (!(interruptions.quantile(0.99) <= withinMs)) {
    scenario.addViolation("", `Interruptions: p99 above ${withinMs} ms`);
  }
  const ms = [0.5, 0.99, 1].map((share) =>
    Math.round(interruptions.quantile(share))
  );
  return {
    ...scenario.result(
      interruptions.count,
      `interrupted: p50 ${ms[0]} ms, p99 ${ms[1]} ms, longest ${ms[2]} ms`,
    ),
    interruptions,
    newSessions: scenario.newSessions,
  };
}
