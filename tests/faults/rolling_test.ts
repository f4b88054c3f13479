import { assert, assertEquals, assertGreater } from "@std/assert";
import { hasRedis, RedisServer } from "../adapters/redis/redis_server.ts";
import { programTest } from "../deploy/programs.ts";
import { tally } from "./checker.ts";
import { Random } from "./random.ts";
import { rolling } from "./scenarios/rolling.ts";

const FEW = { subscribers: 6, publishers: 2, perSecond: 500, restarts: 2 };

/** A test that needs both. */
async function nodesTest(name: string, run: () => Promise<void>) {
  if (hasRedis) await programTest("haproxy", name, run);
  else console.log(`SKIPPED (no redis-server): ${name}`);
}

await nodesTest(
  "nodes behind haproxy are restarted by turns: nothing lost, doubled or out of order, no gap, everybody resumes",
  async () => {
    await using redis = await RedisServer.start();
    const { violations, cuts, published } = await rolling(new Random(1), {
      ...FEW,
      store: redis.url,
    });
    assertEquals(violations, []);
    // Each client was on one of the two nodes, and then on the other.
    assert(cuts >= FEW.subscribers + FEW.publishers);
    assertGreater(published, 500);
  },
);

await nodesTest(
  "nodes that share nothing lose what they acknowledged in a rolling restart, and the checker says so",
  async () => {
    const { violations, fresh, gaps } = await rolling(new Random(1), {
      ...FEW,
      end: "kill",
      patienceMs: 1_000,
    });
    const { lost = 0, diverged = 0 } = tally(violations);
    assertGreater(lost + diverged, 0);
    assert(fresh > 0 && gaps > 0);
  },
);
