import { assertEquals } from "@std/assert";
import { WebClock } from "../../../adapters/clock_web.ts";
import { RedisStore } from "../../../adapters/redis/store.ts";
import type { StoreSink } from "../../../hub/log/store.ts";
import { sessionHash } from "../../../adapters/redis/keys.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, SESSION, TestNode, Wire } from "./test_node.ts";

redisTest(
  "ignores the notification of a claim before its own",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    await node.open();
    node.store.begin(SESSION);
    assertEquals(await node.store.claim(SESSION), true);
    const hash = sessionHash(SESSION);
    const [channel] = await redis.command<string[]>(
      "PUBSUB",
      "CHANNELS",
      "drumbeat:claims:*",
    );
    const notify = (count: number) =>
      redis.command("PUBLISH", channel!, `${count} ${hash}`);
    await notify(2);
    await redis.command("PUBLISH", "drumbeat:directMessage", "after it");
    await node.sink.until(() => node.sink.directMessages.length === 1);
    assertEquals(node.sink.claims, []);
    await notify(3);
    await node.sink.until(() => node.sink.claims.length === 1);
  },
);

redisTest(
  "claims a session of another node with its outcomes, and notifies that node",
  async () => {
    await using redis = await RedisServer.start();
    await using a = new TestNode(redis.url);
    await using b = new TestNode(redis.url);
    for (const node of [a, b]) await node.open();
    a.store.begin(SESSION);
    assertEquals(await a.append(entry("a", 3)), [0]);
    assertEquals(await b.store.claim(SESSION), true);
    await a.sink.until(() => a.sink.claims.length === 1);
    assertEquals([a.sink.claims, b.sink.claims], [[SESSION], []]);
    assertEquals(await b.append(entry("again", 3), entry("b", 4)), [0, 1]);
    // And back: the notification of the first claim is outdated by then.
    assertEquals(await a.store.claim(SESSION), true);
    await b.sink.until(() => b.sink.claims.length === 1);
    assertEquals(a.sink.claims.length, 1);
  },
);

redisTest(
  "keeps the notification of a newer claim that arrives before the answer to its own",
  async () => {
    await using wire = await Wire.start();
    // Its time stands still: a renewal of the session would detect the newer claim as well.
    const clock = new FakeClock();
    await using a = new TestNode(wire.url, {}, clock);
    await using b = new TestNode(wire.redis.url);
    for (const node of [a, b]) await node.open();
    b.store.begin(SESSION);
    assertEquals(await b.append(entry("b", 1)), [0]);
    // Redis has the script from now on: otherwise the held answer would ask for it.
    assertEquals(await a.store.claim("AAAAAAAAAAAA.unknown"), false);
    const commands = await commandLink(wire, a);
    commands.down.freeze();
    const claim = a.store.claim(SESSION);
    await b.sink.until(() => b.sink.claims.length === 1);
    assertEquals(await b.store.claim(SESSION), true); // Redis delivers in order: the notification has arrived by then.
    await wire.redis.command("PUBLISH", "drumbeat:directMessage", "after it");
    await a.sink.until(() => a.sink.directMessages.includes("after it"));
    assertEquals(a.sink.claims, []);
    commands.down.unfreeze();
    assertEquals(await claim, true);
    // In a later turn: the hub has used the answer by then.
    assertEquals(a.sink.claims, []);
    clock.advance(0);
    assertEquals([a.sink.claims, b.sink.claims], [[SESSION], [SESSION]]);
  },
);

/** Returns the link of a node's commands: the other one has its subscriptions. */
async function commandLink(wire: Wire, node: TestNode) {
  const [first, second] = wire.proxy.links;
  first!.down.freeze();
  await wire.redis.command("PUBLISH", "drumbeat:directMessage", "probe");
  const found = await Promise.race([
    Promise.resolve(node.store.read("room", 0, 1)).then(() => second!),
    node.sink.until(() => node.sink.directMessages.includes("probe"))
      .then(() => first!),
  ]);
  first!.down.unfreeze();
  return found;
}

redisTest(
  "detects a claim whose notification was lost when it renews the session",
  async () => {
    await using wire = await Wire.start();
    await using a = new TestNode(wire.url, { sessionMs: 3_000 });
    await using b = new TestNode(wire.redis.url, { sessionMs: 3_000 });
    await a.open();
    a.store.begin(SESSION);
    assertEquals(await a.append(entry("a", 3)), [0]);
    // Another node claims the session, without a notification.
    const key =
      (await wire.redis.command<string[]>("KEYS", "drumbeat:session:*"))[0]!;
    const [, , run] = (await wire.redis.command<string>("GET", key)).split(" ");
    await wire.redis.command("SET", key, `2 elsewhere ${run}`, "PX", "60000");
    await a.sink.until(() => a.sink.claims.length === 1);
    assertEquals(await b.store.claim(SESSION), true);
  },
);

redisTest(
  "expires the sessions of a killed node after their time to live",
  async () => {
    await using redis = await RedisServer.start();
    await using heir = new TestNode(redis.url);
    await heir.open();
    {
      await using killed = new TestNode(redis.url);
      await killed.open();
      killed.store.begin(SESSION);
      await killed.append(entry("a", 1));
    }
    await redis.age("drumbeat:session:", 115_000);
    assertEquals(await heir.store.claim(SESSION), true);
    await redis.age("drumbeat:session:", 190_000);
    assertEquals(await heir.store.claim(SESSION), false);
  },
);

redisTest(
  "notifies only the node that had the session of a claim",
  async () => {
    await using redis = await RedisServer.start();
    const clock = new WebClock();
    const claims: string[] = [];
    let notified = Promise.withResolvers<void>();
    const stores = ["a", "b", "c"].map((name) => {
      const store = new RedisStore(redis.url, clock, { prefix: "p:" });
      const sink: StoreSink = {
        opened() {},
        committed() {},
        trimmed() {},
        settled() {},
        claimed(session) {
          claims.push(`${name} ${session}`);
          notified.resolve();
        },
        failed: (error) => notified.reject(error),
      };
      store.connect(sink);
      return store;
    });
    await using end = new AsyncDisposableStack();
    end.defer(() => clock.close());
    for (const store of stores) end.use(store);
    const [a, b] = stores;
    a!.begin("s");
    // Its own claim waits until the session is in Redis, which another node does not.
    assertEquals(await a!.claim("s"), true);
    for (const [from, to] of [["a", b], ["b", a], ["a", b]] as const) {
      claims.length = 0;
      notified = Promise.withResolvers();
      assertEquals(await to!.claim("s"), true);
      await notified.promise;
      assertEquals(claims, [`${from} s`]);
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
