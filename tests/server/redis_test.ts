import { assertEquals, assertMatch } from "@std/assert";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { runDeno, SpawnedServer, START } from "./spawned.ts";
import { WirePeer } from "./wire_peer.ts";

const PASSWORD = "pa55 word";
/** What must never be printed, in whichever form. */
const SECRET = /pa55/;

function args(url: string): string[] {
  return [...START, "--port", "0", "--store", url];
}

/** The same server, with a password or without. */
function urlOf({ port }: RedisServer, user: string, rest = ""): string {
  return `redis://${user}127.0.0.1:${port}${rest}`;
}

redisTest(
  "with --store redis://… and no more than --allow-net, two servers are one hub, in a database and under a prefix of their own",
  async () => {
    await using redis = await RedisServer.start("--requirepass", PASSWORD);
    const user = `:${encodeURIComponent(PASSWORD)}@`;
    const url = urlOf(redis, user, "/2?prefix=app:");
    await using one = await SpawnedServer.start(args(url));
    await using other = await SpawnedServer.start(args(url));
    await using there = await WirePeer.v1(other.port);
    await there.next();
    await using here = await WirePeer.v1(one.port);
    await here.next();
    here.send({
      type: "publish",
      id: 1,
      topic: "lobby",
      message: { type: "chat", text: "hello" },
    });
    const batch = await there.next();
    assertEquals([batch.type, batch.messages[0].message.text], [
      "batch",
      "hello",
    ]);
    assertEquals(await redis.command("DBSIZE"), 0);
    assertMatch(await redis.command<string>("INFO", "keyspace"), /db2:keys=/);
    for (const server of [one, other]) {
      server.signal("SIGTERM");
      const { code, stdout, stderr } = await server.ended;
      assertEquals([code, stderr], [0, ""]);
      assertEquals(SECRET.test(stdout), false);
    }
  },
);

redisTest(
  "a Redis that cannot be used is one line without the password, and exit code 1",
  async () => {
    await using redis = await RedisServer.start("--requirepass", PASSWORD);
    const cases: [string, RegExp][] = [
      [urlOf(redis, ":pa55-wrong@"), /WRONGPASS/],
      [urlOf(redis, ""), /NOAUTH/],
      [urlOf(redis, ":pa55%20word@", "/99"), /DB index/],
      ["redis://:pa55@127.0.0.1:1", /ECONNREFUSED/],
      [`rediss://:pa55@127.0.0.1:${redis.port}`, /the store at rediss:/],
    ];
    for (const [url, why] of cases) {
      const { code, stdout, stderr } = await runDeno(args(url));
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^Cannot use the store at rediss?:\/\/127[^\n]+\n$/);
      assertMatch(stderr, why);
      assertEquals(SECRET.test(stderr), false);
    }
  },
);

Deno.test("what is no URL of a Redis is one line without the password, and exit code 2", async () => {
  const { code, stderr } = await runDeno(args("redis://:pa55@localhost/x"));
  assertEquals(code, 2);
  assertMatch(stderr, /^Cannot connect to Redis: the URL must be [^\n]+\n$/);
  assertEquals(SECRET.test(stderr), false);
});

redisTest("a Redis that drops keys is complained of, and used", async () => {
  await using redis = await RedisServer.start(
    "--maxmemory",
    "100mb",
    "--maxmemory-policy",
    "allkeys-lru",
  );
  await using server = await SpawnedServer.start(args(redis.url));
  server.signal("SIGTERM");
  const { stderr } = await server.ended;
  assertMatch(stderr, /^Redis deletes keys[^\n]+noeviction\n$/);
});
