import { assert, assertEquals } from "@std/assert";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { Random } from "./random.ts";
import { hops, race } from "./scenarios/nodes.ts";
import { TROUBLES, troubles } from "./scenarios/redis_faults.ts";

redisTest(
  "two nodes race 10,000 publishes: each has an offset of its own, and every subscriber has all of them in order",
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
  "clients that are cut from one node go on at the other: the same sessions, nothing lost, doubled or out of order",
  async () => {
    await using redis = await RedisServer.start();
    const { violations, cuts, recovered } = await hops(new Random(1), {
      store: redis.url,
      subscribers: 4,
      publishers: 2,
      messages: 1_000,
      perSecond: 500,
      hops: 6,
    });
    assertEquals(violations, []);
    assert(cuts === 6 && recovered > 0);
  },
);

for (const trouble of Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]) {
  redisTest(
    `two nodes go through a Redis in trouble (${trouble}): what is acknowledged is there, what is lost is told`,
    async () => {
      await using redis = await RedisServer.start();
      const { violations, delivered } = await troubles(new Random(1), {
        redis,
        trouble,
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
