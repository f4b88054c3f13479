import { assert, assertEquals, assertGreater } from "@std/assert";
import { hasRedis, RedisServer } from "../adapters/redis/redis_server.ts";
import { programTest } from "../deploy/programs.ts";
import { countByKind } from "./checker.ts";
import { Random } from "./random.ts";
import { rolling } from "./scenarios/rolling.ts";

const FEW = { subscribers: 6, publishers: 2, perSecond: 500, restarts: 2 };

/** Adds a test that needs HAProxy and Redis. */
async function nodesTest(name: string, run: () => Promise<void>) {
  if (hasRedis) await programTest("haproxy", name, run);
  else console.log(`SKIPPED (no redis-server): ${name}`);
}

await nodesTest(
  "nodes behind HAProxy that restart by turns lose nothing, and every session resumes",
  async () => {
    await using redis = await RedisServer.start();
    const { violations, faults, published } = await rolling(new Random(1), {
      ...FEW,
      store: redis.url,
    });
    assertEquals(violations, []);
    // Each client was connected to one of the two nodes, and then to the other.
    assert(faults >= FEW.subscribers + FEW.publishers);
    assertGreater(published, 500);
  },
);

await nodesTest(
  "control: nodes without a shared store lose acknowledged messages in a rolling restart",
  async () => {
    const { violations, newSessions, gaps } = await rolling(new Random(1), {
      ...FEW,
      end: "kill",
      timeoutMs: 1_000,
    });
    const { lost = 0, diverged = 0 } = countByKind(violations);
    assertGreater(lost + diverged, 0);
    assert(newSessions > 0 && gaps > 0);
  },
);
