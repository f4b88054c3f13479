import type { RedisServer } from "../../adapters/redis/redis_server.ts";
import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import type { RecordingPublisher } from "../recorder.ts";
import { Scenario, type ScenarioResult } from "../scenario.ts";
import { Workload } from "../workload.ts";
import { addClients, Nodes } from "./nodes.ts";

/** The faults of two nodes and the Redis that they share: how each begins and ends. */
export const REDIS_FAULTS = {
  /** Redis is killed, and starts again empty. */
  kill: {
    begin: (redis: RedisServer) => redis.kill(),
    end: (redis: RedisServer) => redis.start(),
  },
  /** Redis is stopped with SIGSTOP. */
  pause: {
    begin: (redis: RedisServer) => redis.pause(),
    end: (redis: RedisServer) => redis.resume(),
  },
  /** Redis deletes all keys while it runs. */
  flush: {
    begin: (redis: RedisServer) => redis.command("FLUSHALL"),
    end: () => {},
  },
  /** Redis closes every connection, as it does when a client's output buffer is full. */
  disconnect: {
    begin: async (redis: RedisServer) => {
      await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    },
    end: () => {},
  },
  /** Redis runs, but one of the nodes is stopped with SIGSTOP. */
  "node-pause": {
    begin: (_: RedisServer, { b }: Nodes) => b.pause(),
    end: (_: RedisServer, { b }: Nodes) => b.resume(),
  },
  /** Redis is out of memory. */
  memory: {
    begin: (redis: RedisServer) =>
      redis.command("CONFIG", "SET", "maxmemory", "1"),
    end: (redis: RedisServer) =>
      redis.command("CONFIG", "SET", "maxmemory", "0"),
  },
} as const;

/** Options of {@linkcode redisFaults}. */
export interface RedisFaultsOptions {
  readonly redis: RedisServer;
  readonly fault: keyof typeof REDIS_FAULTS;
  readonly subscribers: number;
  readonly publishers: number;
  /** The publish rate of all publishers together. */
  readonly perSecond: number;
  /** The length of the fault in ms, measured in published messages. */
  readonly forMs: number;
  readonly times: number;
  /** The longest time until publishers of both nodes are acknowledged again, in ms. Default: 5,000. */
  readonly withinMs?: number;
}

/** Injects a fault into a Redis that two nodes share, or into one node, while clients of both publish. */
export async function redisFaults(
  random: Random,
  options: RedisFaultsOptions,
): Promise<ScenarioResult> {
  const { redis, subscribers, publishers, perSecond, times } = options;
  const { withinMs = 5_000, forMs } = options;
  const fault = REDIS_FAULTS[options.fault];
  const topic = `${options.fault}:${random.seed}`;
  await using nodes = await new Nodes(redis.url).start();
  await using scenario = new Scenario({ port: nodes.a.port });
  await addClients(scenario, nodes, { topic, publishers, subscribers });

  const workload = new Workload(
    perSecond,
    (n) => scenario.publishers[n % publishers]!.publish(),
  );
  let slowest = 0;
  for (let n = 0; n < times; n++) {
    await workload.published(perSecond / 2 + random.below(perSecond / 2));
    await fault.begin(redis, nodes);
    await workload.published(perSecond * forMs / 1000);
    await fault.end(redis, nodes);
    const start = performance.now();
    await scenario.waitFor(
      "acknowledgements",
      Promise.all(scenario.publishers.slice(0, 2).map(acknowledged)),
    );
    slowest = Math.max(slowest, performance.now() - start);
  }
  await workload.stop();
  await scenario.converge(topic);
  if (slowest > withinMs) {
    scenario.addViolation(topic, `Available again only after ${slowest} ms`);
  }
  for (const line of nodes.stderr.trim().split("\n")) {
    if (/^(store: The store at redis:|$)/.test(line)) continue;
    scenario.addViolation(topic, `A node printed: ${nodes.stderr}`);
    break;
  }
  return scenario.result(
    times,
    `available again after ${Math.round(slowest)} ms`,
  );
}

/** Publishes until a message is acknowledged. */
async function acknowledged(publisher: RecordingPublisher): Promise<void> {
  // The client refuses some messages at once: its outbox is full of messages that wait for the connection.
  const pace = pacer(50);
  do await pace(); while (!("offset" in await publisher.publish()));
}
