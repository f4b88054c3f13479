import { DEFAULTS } from "../../../client/options.ts";
import { freePort, ProxyProcess } from "../../deploy/proxy_process.ts";
import { Interruptions } from "../interruptions.ts";
import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import { ServerProcess } from "../server_process.ts";
import { type Outcome, Stage } from "../scenario.ts";
import { contiguous } from "./nodes.ts";

/** How much of {@linkcode rolling}. */
export interface RollingOptions {
  /** The URL of the Redis that they share; absent: each has its logs in memory, for the negative control. */
  readonly store?: string;
  readonly subscribers: number;
  readonly publishers: number;
  /** Messages a second, all publishers together. */
  readonly perSecond: number;
  /** Restarts, of one node and the other by turns. */
  readonly restarts: number;
  /** How a node is ended: asked to drain, or `kill -9`. Default: drain. */
  readonly end?: "drain" | "kill";
  /** The longest that a client may be without a connection, 99 times of 100, in ms. Default: as long as it takes. */
  readonly withinMs?: number;
  /** How long to wait for what should come, in ms. */
  readonly patienceMs?: number;
}

/** What {@linkcode rolling} came to. */
export interface Rolled extends Outcome {
  /** Each time a client was without a connection. */
  readonly interruptions: Interruptions;
  /** Connections that did not resume the session of the one before. */
  readonly fresh: number;
}

/** Two real nodes behind a real HAProxy are restarted by turns, while publishers publish and subscribers listen through it. */
export async function rolling(
  random: Random,
  options: RollingOptions,
): Promise<Rolled> {
  const { store, publishers, subscribers, perSecond, end = "drain" } = options;
  const topic = `rolling:${random.seed}`;
  // The proxy has to find a node where it was before.
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
  await using stage = new Stage({ port: proxy.port }, options.patienceMs);
  const url = `ws://127.0.0.1:${proxy.port}/ws`;
  // What a user's client does: the backoff of the others here is that of a test in a hurry.
  const client = { backoff: DEFAULTS.backoff };
  for (let n = 0; n < publishers; n++) {
    const { client: its } = stage.subscriberAt(url, `p${n}`, topic, client);
    stage.publishes(`p${n}`, its, topic);
  }
  for (let n = 0; n < subscribers; n++) {
    stage.subscriberAt(url, `s${n}`, topic, client);
  }
  await stage.joined();
  const interruptions = new Interruptions();
  for (const one of stage.clients) interruptions.watch(one);

  let done = false;
  const publishing = (async () => {
    const pace = pacer(perSecond);
    while (!done) {
      await pace();
      void random.pick(stage.publishers).publish();
    }
  })();
  for (let n = 0; n < options.restarts; n++) {
    const node = nodes[n % nodes.length]!;
    if (end === "kill") await node.kill();
    else if (await node.stop() !== 0) stage.violate("", "A drain failed");
    await node.start();
    await proxy.allUp();
    await stage.patiently(
      "clients",
      Promise.all(stage.clients.map((one) => one.opened())),
    );
  }
  done = true;
  await publishing;
  await stage.quiet(topic);
  contiguous(stage, topic);
  if (stage.fresh > 0) {
    stage.violate(topic, `${stage.fresh} sessions were not resumed`);
  }
  if (stage.ledger.gaps > 0) {
    stage.violate(topic, `${stage.ledger.gaps} gaps`);
  }
  const complaints = nodes.map(({ complaints }) => complaints).join("");
  if (complaints !== "") stage.violate("", `A node complained: ${complaints}`);
  const { withinMs = Infinity } = options;
  if (!(interruptions.quantile(0.99) <= withinMs)) {
    stage.violate("", `Interruptions: p99 above ${withinMs} ms`);
  }
  const ms = [0.5, 0.99, 1].map((share) =>
    Math.round(interruptions.quantile(share))
  );
  return {
    ...stage.outcome(
      interruptions.count,
      `interrupted: p50 ${ms[0]} ms, p99 ${ms[1]} ms, longest ${ms[2]} ms`,
    ),
    interruptions,
    fresh: stage.fresh,
  };
}
