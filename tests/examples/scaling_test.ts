import { assert, assertEquals } from "@std/assert";
import { type Client, connect, serve, type Topic } from "../../mod.ts";
import { redisStore } from "../../adapters/redis/store.ts";
import { RedisServer, redisTest } from "../adapters/redis/redis_server.ts";
import { fences, table } from "./transcripts.ts";

const text = await Deno.readTextFile(
  new URL("../../docs/scaling.md", import.meta.url),
);

const number = (word: string) => Number(word.replaceAll(/[^\d.]/g, ""));
const constants = Object.fromEntries(
  table(text, "constant").map(([name = "", value = ""]) => [
    name.replaceAll("`", ""),
    number(value),
  ]),
);
const constant = (name: string) => {
  const value = constants[name];
  assert(value !== undefined && value > 0, `There is no constant '${name}'`);
  return value;
};

/** The share of a core that the documents plan with. */
const BUDGET = 0.7;
const EACH = 10_000;
const HELD_EVERY_S = 30;

/** Returns the messages a second that Redis handles, by records in a script and nodes that follow the topic. */
function perSecond(share: number, records: number, nodes: number): number {
  const us = constant("script") + records * constant("record") +
    nodes * constant("follower");
  return (BUDGET - share) * 1e6 * records / us;
}

Deno.test("the cost of 2, 10 and 100 nodes follows from the constants", () => {
  const rows = table(text, "nodes");
  assertEquals(rows.map(([nodes = ""]) => number(nodes)), [2, 10, 100]);
  for (const row of rows) {
    const [nodes = 0, ...stated] = row.map(number);
    const connections = nodes * EACH;
    const share = connections / HELD_EVERY_S * constant("held") / 1e6;
    const wanted = [
      connections,
      nodes * (constant("node") + EACH * constant("connection") / 1024),
      connections * constant("session") / 2 ** 20,
      share * 100,
      perSecond(share, 1, 2),
      perSecond(share, 1, nodes),
      perSecond(share, 8, nodes),
    ];
    assertEquals(stated.length, wanted.length);
    for (const [i, value] of wanted.entries()) {
      // The table has two significant digits.
      assert(
        Math.abs(stated[i]! - value) <= value * 0.03,
        `${nodes} nodes, column ${i + 2}: ${stated[i]} is not ${value}`,
      );
    }
  }
});

redisTest(
  "each topic that a program distributes over hubs is in one of them, and its log is in that hub's Redis",
  async () => {
    await using one = await RedisServer.start();
    await using two = await RedisServer.start();
    const redis = [one, two];
    await using servers = new AsyncDisposableStack();
    const urls = redis.map(({ url }) => {
      const server = servers.use(serve({ port: 0, store: redisStore(url) }));
      return `ws://127.0.0.1:${server.addr.port}/ws`;
    });
    const [lines = ""] = fences(text, "js ignore");
    const { hubs, topicOf }: {
      hubs: Client[];
      topicOf(name: string): Topic;
    } = new Function(
      "connect",
      `${
        lines.replace(/\[\n?\s*"wss:[\s\S]*?\]/, JSON.stringify(urls))
      }; return { hubs, topicOf };`,
    )(connect);
    const names = Array.from({ length: 20 }, (_, n) => `room:${n}`);
    try {
      for (const name of names) {
        const topic = topicOf(name);
        assertEquals(topicOf(name), topic);
        const offset = await topic.publish({ type: "chat", text: name });
        assertEquals(offset, 0);
      }
      const kept = await Promise.all(
        redis.map((server) =>
          server.command<string[]>("KEYS", "*{room:*}:records")
        ),
      );
      assertEquals(kept.flat().length, names.length);
      assert(kept.every((keys) => keys.length > 0), "All are in one");
    } finally {
      await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()));
    }
  },
);
