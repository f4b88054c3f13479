import { assertEquals, assertNotEquals } from "@std/assert";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, LOG, RECORDS, SESSION, TestNode, Wire } from "./test_node.ts";

redisTest(
  "begins a new log after the database was emptied, without any record of the former one",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url);
    await using other = new TestNode(wire.url);
    for (const one of [node, other]) await one.open();
    await node.append(entry("a"), entry("b"));
    const epoch = node.epoch();
    await wire.redis.command("FLUSHALL");
    // A publish with an id may be a repetition of one in the former log.
    const outcomes = await node.append(entry("c", 1), entry("d"));
    assertEquals(outcomes, ["indeterminate", 0]);
    assertNotEquals(node.epoch(), epoch);
    await other.replaced(epoch);
    assertEquals(other.epoch(), node.epoch());
    const { records } = await other.store.read("room", 0, 1e6);
    assertEquals(records.map(({ body }) => body), ["d"]);
  },
);

redisTest(
  "detects a replaced log without a publish",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url);
    await node.open();
    const epoch = node.epoch();
    await wire.redis.command("FLUSHALL");
    await node.replaced(epoch);
  },
);

redisTest(
  "begins a new log after Redis was killed and restarted empty, with the publishes that waited",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url, { waitMs: 30_000 });
    await node.open();
    await node.append(entry("a"));
    const epoch = node.epoch();
    await redis.kill();
    await node.sink.until(() => !node.store.healthy);
    const waiting = entry("b", undefined, "other");
    node.store.append([waiting]);
    await redis.start();
    assertEquals(await node.outcomes(waiting), [0]);
    await node.replaced(epoch);
    assertEquals(await node.append(entry("c")), [0]);
    assertNotEquals(node.epoch(), epoch);
  },
);

for (const durability of ["relaxed", "full"] as const) {
  redisTest(
    `${
      durability === "full" ? "keeps" : "replaces"
    } logs and sessions after Redis restarted with all its data, with durability ${durability}`,
    async () => {
      await using redis = await RedisServer.start(
        ...["--appendonly", "yes", "--appendfsync", "always"],
      );
      await using node = new TestNode(redis.url, { durability });
      await node.open();
      node.store.begin(SESSION);
      assertEquals(await node.append(entry("a", 1)), [0]);
      const epoch = node.epoch();
      await redis.kill();
      await redis.start();
      const isFull = durability === "full";
      await using other = new TestNode(redis.url, { durability });
      await other.open();
      assertEquals(other.epoch() === epoch, isFull);
      assertEquals(await other.store.claim(SESSION), isFull);
      // Its outcome is stored, but names the former log.
      assertEquals(await other.append(entry("a", 1)), [
        isFull ? 0 : "indeterminate",
      ]);
      assertEquals(other.sink.logs.has("room"), false);
      if (!isFull) await node.replaced(epoch);
      else {
        await node.append(entry("b"));
        assertEquals(node.epoch(), epoch);
      }
    },
  );
}

redisTest(
  "begins a new log when the head decreased, so that no offset is given twice",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url);
    await node.open();
    await node.append(entry("a"), entry("b"), entry("c"));
    const epoch = node.epoch();
    await wire.redis.command("XDEL", RECORDS, "2-0", "3-0");
    await wire.redis.command("HSET", LOG, "head", "1");
    assertEquals(await node.append(entry("d", 1)), ["indeterminate"]);
    assertNotEquals(node.epoch(), epoch);
    assertEquals(await node.append(entry("e")), [0]);
  },
);

redisTest(
  "appends to the log with the node's epoch only",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    await node.open();
    await node.append(entry("a"));
    // Another node has replaced the log, and this one has not been notified.
    await redis.command("HSET", LOG, "epoch", "another", "head", "9");
    assertEquals(await node.append(entry("b", 1), entry("c")), [
      "indeterminate",
      9,
    ]);
    assertEquals(node.epoch(), "another");
  },
);

redisTest(
  "nodes with different durability share logs and sessions: a change to full can roll over the nodes",
  async () => {
    await using redis = await RedisServer.start();
    await using relaxed = new TestNode(redis.url);
    await relaxed.open();
    assertEquals(await relaxed.append(entry("a", 1)), [0]);
    const epoch = relaxed.epoch();
    await using full = new TestNode(redis.url, { durability: "full" });
    await full.open();
    assertEquals(await full.append(entry("b", 2)), [1]);
    full.store.open("other");
    await full.sink.until(() => full.sink.bounds.has("other"));
    assertEquals(await full.append(entry("c", 3, "other")), [0]);
    const other = full.sink.bounds.get("other")?.epoch;
    await relaxed.has(2);
    assertEquals(await relaxed.append(entry("b", 2), entry("d")), [1, 2]);
    assertEquals(await relaxed.append(entry("e", 9, "other")), [1]);
    assertEquals([relaxed.epoch(), full.epoch()], [epoch, epoch]);
    assertEquals(relaxed.sink.bounds.get("other")?.epoch, other);
    full.store.begin(SESSION);
    // Waits until the session is in Redis.
    assertEquals(await full.store.claim(SESSION), true);
    assertEquals(await relaxed.store.claim(SESSION), true);
    assertEquals(await full.store.claim(SESSION), true);
  },
);

/** Resolves when a replica has the data of its primary. */
async function synchronized(replica: RedisServer): Promise<void> {
  for (;;) {
    const info = await replica.command<string>("INFO", "replication");
    if (info.includes("master_link_status:up")) return;
  }
}

redisTest(
  "begins new logs after a failover and a failback, and keeps them when a first replica connects",
  async () => {
    const now = ["--repl-diskless-sync-delay", "0"];
    await using a = await RedisServer.start(...now);
    await using b = await RedisServer.start(...now);
    const opened = async () => {
      await using node = new TestNode(a.url);
      await node.open();
      return node.epoch();
    };
    const epoch = await opened();
    // The id of the replication history of A changes, and nothing is lost.
    await b.command("REPLICAOF", "127.0.0.1", `${a.port}`);
    await synchronized(b);
    assertEquals(await opened(), epoch);
    // A has records that B lacks, and receives the data of B: the process of A never ended.
    await b.command("REPLICAOF", "NO", "ONE");
    {
      await using node = new TestNode(a.url);
      await node.open();
      assertEquals(await node.append(entry("lost")), [0]);
    }
    await a.command("REPLICAOF", "127.0.0.1", `${b.port}`);
    await synchronized(a);
    await a.command("REPLICAOF", "NO", "ONE");
    // No node has the log open, and its end is not known to be lost.
    assertNotEquals(await opened(), epoch);
  },
);
