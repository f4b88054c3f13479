import { assert, assertEquals } from "@std/assert";
import { bodies } from "../store_recorder.ts";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, RECORDS, TestNode, Wire } from "./test_node.ts";

redisTest(
  "sends an append again whose answer was lost with its connection, and stores it once",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url);
    await node.open();
    assertEquals(await node.append(entry("a")), [0]);
    await wire.holdAnswers(node);
    const [b, c] = [entry("b"), entry("c", 7)];
    node.store.append([b, c]);
    await wire.until(3, "XLEN", RECORDS);
    wire.proxy.disconnectAll();
    assertEquals(await node.outcomes(b, c), [1, 2]);
    assertEquals(await node.append(entry("d"), entry("c again", 7)), [3, 2]);
    assertEquals(await wire.redis.command("XLEN", RECORDS), 4);
    assertEquals(
      bodies(node.sink.logs.get("room")).map(([, body]) => body),
      ["a", "b", "c", "d"],
    );
    // The hub receives the records that it appended, not copies.
    assertEquals(node.sink.logs.get("room")!.get(1), b.record);
    assert(node.sink.logs.get("room")!.get(1) === b.record);
  },
);

redisTest(
  "answers indeterminate for an append that Redis may have executed, and unavailable for one that was not sent",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url, { waitMs: 400, hangMs: 1e6 });
    await node.open();
    await node.append(entry("a"));
    await wire.holdAnswers(node);
    const [sent, unsent] = [entry("sent"), entry("unsent")];
    node.store.append([sent]);
    await wire.until(2, "XLEN", RECORDS);
    node.store.append([unsent]);
    assertEquals(await node.outcomes(sent, unsent), [
      "indeterminate",
      "unavailable",
    ]);
    wire.proxy.disconnectAll();
    await node.has(2);
    assertEquals(await node.append(entry("b")), [2]);
    assertEquals(
      bodies(node.sink.logs.get("room")).map(([, body]) => body),
      ["a", "sent", "b"],
    );
  },
);

redisTest(
  "answers unavailable and stores nothing while Redis is out of memory, and stores again afterwards",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    await node.open();
    assertEquals(await node.append(entry("a")), [0]);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    assertEquals(await node.append(entry("b"), entry("c", 1)), [
      "unavailable",
      "unavailable",
    ]);
    assertEquals(node.store.healthy, false);
    assert(`${node.sink.failures[0]}`.includes("OOM"));
    // Stored records can be read.
    assertEquals((await node.store.read("room", 0, 100)).records.length, 1);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    assertEquals(await node.append(entry("d"), entry("c", 1)), [1, 2]);
    assert(node.store.healthy);
    assertEquals(node.sink.failures.length, 1);
  },
);

redisTest(
  "rejects a publish at once when too many bytes wait for Redis",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url, {
      maxQueueBytes: 10_000,
      waitMs: 60_000,
    });
    await node.open();
    await redis.kill();
    await node.sink.until(() => !node.store.healthy);
    const entries = Array.from(
      { length: 20 },
      () => entry("x".repeat(1000), undefined, "other"),
    );
    node.store.append(entries);
    const refused = entries.filter((entry) => node.sink.outcomes.has(entry));
    assertEquals(refused.length, 11);
    await redis.start();
    const outcomes = await node.outcomes(...entries);
    assertEquals(outcomes.filter((outcome) => typeof outcome === "number"), [
      ...Array(9).keys(),
    ]);
    // The queue accepts publishes again.
    assertEquals(await node.append(entry("y", undefined, "other")), [9]);
  },
);

redisTest(
  "settles every append with its offset before it closes",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    await node.open();
    const entries = Array.from({ length: 50 }, (_, i) => entry(`${i}`));
    for (const one of entries) node.store.append([one]);
    await node.store[Symbol.asyncDispose]();
    assertEquals(await node.outcomes(...entries), [...entries.keys()]);
  },
);

redisTest(
  "does not wait for an unavailable Redis when it closes, and answers unavailable",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    await node.open();
    await redis.kill();
    await node.sink.until(() => !node.store.healthy);
    const waiting = entry("a", undefined, "other");
    node.store.append([waiting]);
    await node.store[Symbol.asyncDispose]();
    assertEquals(await node.outcomes(waiting), ["unavailable"]);
  },
);

redisTest(
  "answers indeterminate for an append without an answer when it closes",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url, { hangMs: 1e6 });
    await node.open();
    await node.append(entry("a"));
    await wire.holdAnswers(node);
    const [sent, unsent] = [entry("sent"), entry("unsent")];
    node.store.append([sent]);
    await wire.until(2, "XLEN", RECORDS);
    node.store.append([unsent]);
    await node.store[Symbol.asyncDispose]();
    assertEquals(await node.outcomes(sent, unsent), [
      "indeterminate",
      "unavailable",
    ]);
  },
);
