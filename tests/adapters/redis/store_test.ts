import { RedisStore } from "../../../adapters/redis/store.ts";
import { hasRedis, RedisServer } from "./redis_server.ts";
import { storeConformance } from "../store_conformance.ts";

const NAME = "the store in Redis";

let server: RedisServer | undefined;
let rigs = 0;

if (hasRedis) {
  Deno.test.beforeAll(async () => {
    server = await RedisServer.start();
  });
  Deno.test.afterAll(() => server![Symbol.asyncDispose]());
  storeConformance(NAME, ({ clock, sessionMs }) => {
    const prefix = `rig${rigs++}:`;
    // Time that is moved on in one go is no time without an answer.
    const options = { prefix, sessionMs, hangMs: 1e9 };
    const open = () => new RedisStore(server!.url, clock, options);
    const store = open();
    return {
      store,
      outcomesByTopic: true,
      async reopen() {
        await store[Symbol.asyncDispose]();
        return open();
      },
      async advance(ms) {
        // The connection is made in real time; then what waited for it is sent.
        for (let i = 0; i < 2; i++) await store.claim("nobody");
        // In steps, as a store lives through it: what it says to keep its sessions alive is said before they would end.
        for (let left = ms; left > 0; left -= sessionMs / 6) {
          const step = Math.min(left, sessionMs / 6);
          clock.advance(step);
          // It has sent its words, and Redis takes them in order.
          await store.claim("nobody");
          await server!.age(prefix, step);
        }
      },
    };
  });
} else console.log(`SKIPPED (no redis-server): ${NAME}`);
