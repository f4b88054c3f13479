import { assert, assertEquals } from "@std/assert";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, RECORDS, TestNode } from "./test_node.ts";

redisTest(
  "trims logs exactly by count, and in steps by bytes and age, and reports the tail",
  async () => {
    await using redis = await RedisServer.start();
    await using counted = new TestNode(redis.url, { maxRecords: 10 });
    await counted.open();
    for (let i = 0; i < 25; i++) await counted.append(entry(`${i}`));
    assertEquals(await redis.command("XLEN", RECORDS), 10);
    assertEquals(counted.sink.tails.get("room"), 15);

    await using sized = new TestNode(redis.url, {
      prefix: "sized:",
      maxBytes: 64_000,
    });
    await sized.open();
    for (let i = 0; i < 200; i++) await sized.append(entry("x".repeat(1000)));
    const kept = await redis.command<number>("XLEN", "sized:{room}:records");
    assert(kept >= 60 && kept <= 64, `${kept}`);
    assertEquals(sized.sink.tails.get("room"), 200 - kept);

    await using aged = new TestNode(redis.url, {
      prefix: "aged:",
      maxAgeMs: 64_000,
    });
    await aged.open();
    await aged.append(entry("old"));
    await aged.append(entry("young"));
    // A mark for each record; the second is as old as the retention allows.
    const marks = "aged:{room}:marks";
    const [first] = await redis.command<string[]>("LRANGE", marks, "0", "-1");
    const [, , since] = first!.split(" ");
    await redis.command("RPUSH", marks, `1 40 ${Number(since) - 64_000}`);
    await aged.append(entry("new"));
    assertEquals(await redis.command("XLEN", "aged:{room}:records"), 2);
    assertEquals(aged.sink.tails.get("room"), 1);
    const left = await redis.command<number>("PTTL", "aged:{room}:records");
    assert(left > 0 && left <= 64_000);
  },
);
