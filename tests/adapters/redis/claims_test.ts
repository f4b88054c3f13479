import { assertEquals } from "@std/assert";
import { WebClock } from "../../../adapters/clock_web.ts";
import { RedisStore } from "../../../adapters/redis/store.ts";
import type { StoreSink } from "../../../hub/log/store.ts";
import { RedisServer, redisTest } from "./redis_server.ts";

redisTest(
  "who held a session is told that it was taken over, and nobody else is",
  async () => {
    await using redis = await RedisServer.start();
    const clock = new WebClock();
    const told: string[] = [];
    let heard = Promise.withResolvers<void>();
    const stores = ["a", "b", "c"].map((name) => {
      const store = new RedisStore(redis.url, clock, { prefix: "p:" });
      const sink: StoreSink = {
        opened() {},
        committed() {},
        trimmed() {},
        settled() {},
        claimed(session) {
          told.push(`${name} ${session}`);
          heard.resolve();
        },
        failed: (error) => heard.reject(error),
      };
      store.connect(sink);
      return store;
    });
    await using end = new AsyncDisposableStack();
    end.defer(() => clock.close());
    for (const store of stores) end.use(store);
    const [a, b] = stores;
    a!.begin("s");
    for (const [from, to] of [["a", b], ["b", a], ["a", b]] as const) {
      told.length = 0;
      heard = Promise.withResolvers();
      assertEquals(await to!.claim("s"), true);
      await heard.promise;
      assertEquals(told, [`${from} s`]);
    }
    const channels = await redis.command<string[]>(
      ...["PUBSUB", "CHANNELS", "p:claims:*"],
    );
    assertEquals(channels.length, 3);
    const counts = await redis.command<(string | number)[]>(
      ...["PUBSUB", "NUMSUB", ...channels],
    );
    assertEquals(counts.filter((word) => typeof word === "number"), [1, 1, 1]);
  },
);
