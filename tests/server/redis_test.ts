import { assertEquals, assertMatch } from "@std/assert";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { runDeno, SpawnedServer, START } from "./spawned.ts";
import { WirePeer } from "./wire_peer.ts";

const PASSWORD = "pa55 word";
/** Matches the password in every encoding. */
const SECRET = /pa55/;

function args(url: string): string[] {
  return [...START, "--port", "0", "--store", url];
}

/** Returns a URL of a Redis. */
function urlOf({ port }: RedisServer, user: string, rest = ""): string {
  return `redis://${user}127.0.0.1:${port}${rest}`;
}

redisTest(
  "with --store redis://… and --allow-net, two servers share topics in the database and under the prefix of the URL",
  async () => {
    await using redis = await RedisServer.start("--requirepass", PASSWORD);
    const user = `:${encodeURIComponent(PASSWORD)}@`;
    const url = urlOf(redis, user, "/2?prefix=app:");
    await using one = await SpawnedServer.start(args(url));
    await using other = await SpawnedServer.start(args(url));
    await using reader = await WirePeer.v1(other.port);
    await reader.next();
    await using writer = await WirePeer.v1(one.port);
    await writer.next();
    writer.send({
      type: "publish",
      id: 1,
      topic: "lobby",
      message: { type: "chat", text: "hello" },
    });
    const batch = await reader.next();
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
  "the URL of the store comes from DRUMBEAT_STORE or from --store-file, and is never printed",
  async () => {
    await using redis = await RedisServer.start("--requirepass", PASSWORD);
    const url = urlOf(redis, `:${encodeURIComponent(PASSWORD)}@`);
    const folder = await Deno.makeTempDir();
    const file = `${folder}/store`;
    await Deno.writeTextFile(file, `${url}\n`);
    const [deno, ...rest] = [...START, "--port", "0"];
    const allowed = [deno!, `--allow-read=${folder}`, ...rest];
    for (
      const [args, env] of [
        [allowed, { DRUMBEAT_STORE: url }],
        [[...allowed, "--store-file", file], {}],
      ] as const
    ) {
      await using server = await SpawnedServer.start(args, env);
      await using peer = await WirePeer.v1(server.port);
      await peer.next();
      assertEquals(await redis.command("EXISTS", "drumbeat:{lobby}:log"), 1);
      await redis.command("FLUSHDB");
      server.signal("SIGTERM");
      const { code, stdout, stderr } = await server.ended;
      assertEquals([code, stderr], [0, ""]);
      assertEquals(SECRET.test(stdout), false);
    }
    await Deno.writeTextFile(file, "http://u:pa55@localhost");
    const { code, stderr } = await runDeno([...allowed, "--store-file", file]);
    assertEquals([code, SECRET.test(stderr)], [1, false]);
    assertMatch(stderr, /^--store-file has the scheme 'http'[^\n]+\n$/);
    await Deno.remove(folder, { recursive: true });
  },
);

redisTest(
  "a Redis that cannot be used prints one line without the password and exits with 1",
  async () => {
    await using redis = await RedisServer.start("--requirepass", PASSWORD);
    const cases: [string, RegExp][] = [
      [urlOf(redis, ":pa55-wrong@"), /WRONGPASS/],
      [urlOf(redis, ""), /NOAUTH/],
      [urlOf(redis, ":pa55%20word@", "/99"), /DB index/],
      ["redis://:pa55@127.0.0.1:1", /ECONNREFUSED/],
      [`rediss://:pa55@127.0.0.1:${redis.port}`, /the store at rediss:/],
    ];
    for (const [url, reason] of cases) {
      const { code, stdout, stderr } = await runDeno(args(url));
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^Cannot use the store at rediss?:\/\/127[^\n]+\n$/);
      assertMatch(stderr, reason);
      assertEquals(SECRET.test(stderr), false);
    }
  },
);

Deno.test("an invalid URL of a Redis prints one line without the password and exits with 2", async () => {
  const { code, stderr } = await runDeno(args("redis://:pa55@localhost/x"));
  assertEquals(code, 2);
  assertMatch(stderr, /^Cannot connect to Redis: the URL must be [^\n]+\n$/);
  assertEquals(SECRET.test(stderr), false);
});

redisTest(
  "a Redis that deletes keys prints a warning, and the server starts",
  async () => {
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
  },
);
