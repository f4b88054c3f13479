import { assert, assertEquals, assertRejects } from "@std/assert";
import { RIGHTS } from "../../../adapters/redis/rights.ts";
import * as scripts from "../../../adapters/redis/scripts.ts";
import {
  checkRedis,
  RedisUnavailableError,
} from "../../../adapters/redis/store.ts";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, RECORDS, TestNode } from "./test_node.ts";

/** Adds a user with the password `p`. @returns the URL of the server with the user. */
async function urlOf(redis: RedisServer, ...rules: string[]): Promise<string> {
  await redis.command("ACL", "SETUSER", "u", "on", ">p", ...rules);
  return redis.url.replace("redis://", "redis://u:p@");
}

/** Returns the commands that a script calls. */
function commandsOf(source: string): Set<string> {
  return new Set(
    [...source.matchAll(/(?:redis\.call|try)\('(\w+)'/g)].map(([, name]) =>
      name!
    ),
  );
}

Deno.test("tries each command that a script calls", () => {
  const called = Object.values(scripts).flatMap((script) =>
    script instanceof scripts.RedisScript ? [...commandsOf(script.source)] : []
  );
  assertEquals(
    [...commandsOf(RIGHTS.source)].sort(),
    [...new Set(called)].sort(),
  );
});

for (
  const [name, rules, missing] of [
    ["without TIME", ["~*", "&*", "+@all", "-time"], "TIME"],
    [
      "without RPUSH and LPOP",
      ["~*", "&*", "+@all", "-rpush", "-lpop"],
      "RPUSH, LPOP",
    ],
    ["without rights to channels", ["~*", "resetchannels", "+@all"], "PUBLISH"],
    ["with other keys only", ["~other:*", "&*", "+@all"], "the keys"],
  ] as const
) {
  redisTest(
    `a user ${name} is refused before anything is stored, and the error names the command`,
    async () => {
      await using redis = await RedisServer.start();
      const url = await urlOf(redis, ...rules);
      await assertRejects(
        () => checkRedis(url),
        RedisUnavailableError,
        missing,
      );
      await using node = new TestNode(url, { waitMs: 1 });
      assertEquals(await node.append(entry("a", 1)), ["unavailable"]);
      await node.sink.until(() =>
        node.sink.failures.some((failure) => `${failure}`.includes(missing))
      );
      assertEquals(node.store.healthy, false);
      assertEquals(await redis.command("EXISTS", RECORDS), 0);
    },
  );
}

redisTest(
  "an append that ends in the middle is indeterminate, is delivered, and the log continues behind it",
  async () => {
    await using redis = await RedisServer.start();
    const url = await urlOf(redis, "~*", "&*", "+@all");
    await using other = new TestNode(redis.url);
    await other.open();
    await using node = new TestNode(url);
    await node.open();
    // The right is lost while the hub runs; the script writes its records before it marks their size.
    await redis.command("ACL", "SETUSER", "u", "-rpush");
    assertEquals(await node.append(entry("a", 1)), ["indeterminate"]);
    await node.has(1);
    await redis.command("ACL", "SETUSER", "u", "+rpush");
    assertEquals(await node.append(entry("a", 1), entry("b", 2)), [0, 1]);
    await other.has(2);
  },
);

redisTest(
  "a head behind the newest record of the stream follows it when the log is opened",
  async () => {
    await using redis = await RedisServer.start();
    {
      await using node = new TestNode(redis.url);
      await node.open();
      assertEquals(await node.append(entry("a"), entry("b")), [0, 1]);
    }
    // As after a script that ended between its first record and the head.
    await redis.command("HSET", "drumbeat:{room}:log", "head", "1");
    await using node = new TestNode(redis.url);
    await node.open();
    assertEquals(await node.append(entry("c")), [2]);
  },
);

redisTest(
  "a replica and a node of a Redis Cluster are refused in one line",
  async () => {
    await using primary = await RedisServer.start();
    await using replica = await RedisServer.start(
      "--replicaof",
      "127.0.0.1",
      `${primary.port}`,
    );
    await assertRejects(
      () => checkRedis(replica.url),
      RedisUnavailableError,
      "it is a replica: give the address of the primary",
    );
    await using node = await RedisServer.start("--cluster-enabled", "yes");
    await assertRejects(
      () => checkRedis(node.url),
      RedisUnavailableError,
      "it is a node of a Redis Cluster, which is not supported",
    );
    await using store = new TestNode(node.url, { waitMs: 1 });
    await store.sink.until(() => store.sink.failures.length > 0);
    assert(`${store.sink.failures[0]}`.includes("Redis Cluster"));
  },
);
