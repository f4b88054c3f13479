import { assertEquals } from "@std/assert";
import { FakeClock } from "../../hub/fake_clock.ts";
import { bodies } from "../store_recorder.ts";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, LOG, RECORDS, SESSION, TestNode, Wire } from "./test_node.ts";

redisTest(
  "reads records that were not announced after its subscription was closed, in order",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.redis.url);
    await using follower = new TestNode(wire.url);
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    for (let i = 0; i < 20; i++) {
      if (i % 5 === 0) {
        await wire.redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      }
      await node.append(entry(`${i}`), entry(`${i}!`));
    }
    await follower.has(41);
    assertEquals(
      bodies(follower.sink.logs.get("room")),
      bodies(node.sink.logs.get("room")),
    );
  },
);

redisTest(
  "reads records whose announcement was lost when later ones arrive",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    // Its clock stands still: the node checks nothing by itself.
    const clock = new FakeClock();
    await using follower = new TestNode(redis.url, { hangMs: 1e9 }, clock);
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    // The next check of its logs is 5 seconds away.
    clock.advance(1_000);
    await follower.store.claim(SESSION);
    await redis.command("HSET", LOG, "head", "2");
    await redis.command("XADD", RECORDS, "2-0", "r", '["x",1]\nuntold');
    assertEquals(await node.append(entry("b")), [2]);
    // The announcement may arrive after the clock was moved.
    while (follower.sink.logs.get("room")!.size < 3 && clock.now() < 6_000) {
      clock.advance(100);
      await redis.command("PING");
    }
    assertEquals(
      bodies(follower.sink.logs.get("room")).map(([, body]) => body),
      ["a", "untold", "b"],
    );
  },
);

redisTest(
  "checks its logs when a new connection opens",
  async () => {
    await using redis = await RedisServer.start();
    await using node = new TestNode(redis.url);
    const clock = new FakeClock();
    await using follower = new TestNode(redis.url, { hangMs: 1e9 }, clock);
    await node.open();
    await follower.open();
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
    await follower.sink.until(() => follower.sink.failures.length > 0);
    await node.append(entry("a"));
    // The delay before the next connection.
    clock.advance(50);
    await follower.has(1);
  },
);

redisTest("checks its logs while no record is announced", async () => {
  await using wire = await Wire.start();
  await using node = new TestNode(wire.redis.url);
  await using follower = new TestNode(wire.url);
  await node.open();
  await follower.open();
  // The subscription alone is closed: the node's connection seems to work.
  await wire.redis.command(
    ..."CLIENT KILL TYPE pubsub".split(" "),
  );
  await node.append(entry("a"));
  await follower.has(1);
});

redisTest(
  "continues at the head when the records that it missed are trimmed, and reads the others",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.redis.url, { maxRecords: 5 });
    await using follower = new TestNode(wire.url, { maxRecords: 5 });
    await node.open();
    await follower.open();
    await node.append(entry("a"));
    await follower.has(1);
    const { epoch } = follower.sink.bounds.get("room")!;
    wire.proxy.refusing = true;
    wire.proxy.disconnectAll();
    for (let i = 0; i < 20; i++) await node.append(entry(`${i}`));
    wire.proxy.refusing = false;
    await follower.sink.until(() => follower.sink.bounds.get("room")!.head > 0);
    assertEquals(follower.sink.bounds.get("room"), {
      epoch,
      tail: 16,
      head: 21,
    });
    const { offset, records } = await follower.store.read("room", 1, 1e6);
    assertEquals([offset, records.map(({ body }) => body)], [
      16,
      ["15", "16", "17", "18", "19"],
    ]);
  },
);

redisTest(
  "announces direct messages to every node, and other internal topics to followers only",
  async () => {
    await using redis = await RedisServer.start();
    await using a = new TestNode(redis.url);
    await using b = new TestNode(redis.url);
    await a.open("$peer/x");
    await b.open("$presence/room");
    await a.append(entry("hello", undefined, "$peer/x"));
    await b.sink.until(() => b.sink.directMessages.length > 0);
    assertEquals(b.sink.directMessages, ["$peer/x"]);
    assertEquals(await b.append(entry("+", undefined, "$presence/room")), [0]);
    assertEquals(b.sink.directMessages.length, 1);
  },
);
