import type { RedisServer } from "../../adapters/redis/redis_server.ts";
import { pacer } from "../pacer.ts";
import type { Random } from "../random.ts";
import type { Publisher } from "../recorder.ts";
import { type Outcome, Stage } from "../scenario.ts";
import { Nodes, seat } from "./nodes.ts";

/** What happens to two nodes and the Redis that they share, and how it ends. */
export const TROUBLES = {
  /** It is killed, and started again with nothing. */
  kill: {
    begin: (redis: RedisServer) => redis.kill(),
    end: (redis: RedisServer) => redis.start(),
  },
  /** It stands still. */
  pause: {
    begin: (redis: RedisServer) => redis.pause(),
    end: (redis: RedisServer) => redis.resume(),
  },
  /** All that it has is thrown away while it runs. */
  flush: {
    begin: (redis: RedisServer) => redis.command("FLUSHALL"),
    end: () => {},
  },
  /** It throws everybody out, as it does with those whose output it cannot get rid of. */
  cut: {
    begin: async (redis: RedisServer) => {
      await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    },
    end: () => {},
  },
  /** It is well, but one of the nodes stands still. */
  sleep: {
    begin: (_: RedisServer, { b }: Nodes) => b.pause(),
    end: (_: RedisServer, { b }: Nodes) => b.resume(),
  },
  /** It has no memory left. */
  memory: {
    begin: (redis: RedisServer) =>
      redis.command("CONFIG", "SET", "maxmemory", "1"),
    end: (redis: RedisServer) =>
      redis.command("CONFIG", "SET", "maxmemory", "0"),
  },
} as const;

/** How much of {@linkcode troubles}. */
export interface TroublesOptions {
  readonly redis: RedisServer;
  readonly trouble: keyof typeof TROUBLES;
  readonly subscribers: number;
  readonly publishers: number;
  /** Messages a second, all publishers together. */
  readonly perSecond: number;
  /** How long the trouble lasts, in ms: so many messages are published meanwhile. */
  readonly forMs: number;
  readonly times: number;
  /** How soon publishers at both nodes are acknowledged again after it, in ms. Default: 5,000. */
  readonly withinMs?: number;
}

/** Two nodes, and a Redis that fails while everybody publishes: what is acknowledged is there, and what is lost is told. */
export async function troubles(
  random: Random,
  options: TroublesOptions,
): Promise<Outcome> {
  const { redis, subscribers, publishers, perSecond, times } = options;
  const { withinMs = 5_000, forMs } = options;
  const trouble = TROUBLES[options.trouble];
  const topic = `${options.trouble}:${random.seed}`;
  await using nodes = await new Nodes(redis.url).start();
  await using stage = new Stage({ port: nodes.a.port });
  await seat(stage, nodes, { topic, publishers, subscribers });

  let sent = 0;
  let awaited: { readonly at: number; resolve(): void } | undefined;
  let done = false;
  const publish = async () => {
    const pace = pacer(perSecond);
    while (!done) {
      await pace();
      void stage.publishers[sent++ % publishers]!.publish();
      if (awaited !== undefined && sent >= awaited.at) awaited.resolve();
    }
  };
  const published = (count: number) =>
    new Promise<void>((resolve) => awaited = { at: sent + count, resolve });
  const publishing = publish();
  let slowest = 0;
  for (let n = 0; n < times; n++) {
    await published(perSecond / 2 + random.below(perSecond / 2));
    await trouble.begin(redis, nodes);
    await published(perSecond * forMs / 1000);
    await trouble.end(redis, nodes);
    const start = performance.now();
    await stage.patiently(
      "service",
      Promise.all(stage.publishers.slice(0, 2).map(acknowledged)),
    );
    slowest = Math.max(slowest, performance.now() - start);
  }
  done = true;
  await publishing;
  await stage.quiet(topic);
  if (slowest > withinMs) {
    stage.violate(topic, `Back in service only after ${slowest} ms`);
  }
  for (const line of nodes.complaints.trim().split("\n")) {
    if (/^(store: The store at redis:|$)/.test(line)) continue;
    stage.violate(topic, `A node complained: ${nodes.complaints}`);
    break;
  }
  const refused = stage.ledger.published.filter(({ told }) =>
    told !== undefined && "code" in told
  );
  return stage.outcome(
    times,
    `back after ${Math.round(slowest)} ms, ${refused.length} refused`,
  );
}

/** Publishes until one is acknowledged. */
async function acknowledged(publisher: Publisher): Promise<void> {
  // Some are refused at once: the client's outbox is full of what waits for its connection.
  const pace = pacer(50);
  do await pace(); while (!("offset" in await publisher.publish()));
}
