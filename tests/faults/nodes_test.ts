import { assert, assertEquals } from "@std/assert";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { Random } from "./random.ts";
import { failover, race } from "./scenarios/nodes.ts";
import { REDIS_FAULTS, redisFaults } from "./scenarios/redis_faults.ts";

redisTest(
  "two nodes that publish 10,000 messages at once give each an offset of its own, and every subscriber receives all in order",
  async () => {
    await using redis = await RedisServer.start();
    const { violations, published, delivered } = await race(new Random(1), {
      store: redis.url,
      subscribers: 4,
      publishers: 4,
      messages: 10_000,
    });
    assertEquals(violations, []);
    assert(published > 10_000 && delivered === published * 8);
  },
);

redisTest(
  "clients that are disconnected from one node resume their sessions at the other one without a loss",
  async () => {
    await using redis = await RedisServer.start();
    const { violations, faults, recovered } = await failover(new Random(1), {
      store: redis.url,
      subscribers: 4,
      publishers: 2,
      messages: 1_000,
      perSecond: 500,
      failovers: 6,
    });
    assertEquals(violations, []);
    assert(faults === 6 && recovered > 0);
  },
);

for (
  const fault of Object.keys(REDIS_FAULTS) as (keyof typeof REDIS_FAULTS)[]
) {
  redisTest(
    `two nodes lose no acknowledged message without a gap after a fault of Redis (${fault})`,
    async () => {
      await using redis = await RedisServer.start();
      const { violations, delivered } = await redisFaults(new Random(1), {
        redis,
        fault,
        subscribers: 4,
        publishers: 4,
        perSecond: 400,
        forMs: 300,
        times: 1,
      });
      assertEquals(violations, []);
      assert(delivered > 0);
    },
  );
}
