import { RedisStore } from "../../../adapters/redis/store.ts";
import { hasRedis, RedisServer } from "./redis_server.ts";
import { storeConformance } from "../store_conformance.ts";

const NAME = "RedisStore";

let server: RedisServer | undefined;
let rigs = 0;

if (hasRedis) {
  Deno.test.beforeAll(async () => {
    server = await RedisServer.start();
  });
  Deno.test.afterAll(() => server![Symbol.asyncDispose]());
  storeConformance(NAME, ({ clock, sessionMs }) => {
    const prefix = `rig${rigs++}:`;
    // The test moves the clock in large steps, which must not look like a hang.
    const options = { prefix, sessionMs, hangMs: 1e9 };
    const open = () => new RedisStore(server!.url, clock, options);
    let store = open();
    return {
      get store() {
        return store;
      },
      outcomesByTopic: true,
      async reopen() {
        await store[Symbol.asyncDispose]();
        return store = open();
      },
      async advance(ms) {
        // The connection opens in real time, and sends what waited for it.
        for (let i = 0; i < 2; i++) await store.claim("unknown");
        // In steps: the store renews its sessions before they expire.
        for (let left = ms; left > 0; left -= sessionMs / 6) {
          const step = Math.min(left, sessionMs / 6);
          clock.advance(step);
          // Redis executes this command after the renewals.
          await store.claim("unknown");
          await server!.age(prefix, step);
        }
      },
    };
  });
} else console.log(`SKIPPED (no redis-server): ${NAME}`);
