import { assertEquals, assertStringIncludes } from "@std/assert";
import { buildGenerator } from "../../bench/generator.ts";
import { measureNodes } from "../../bench/nodes_measure.ts";
import { readNodesCommand } from "../../bench/nodes_options.ts";
import { nodePeers } from "../../bench/nodes_peers.ts";
import { nodesScenarios } from "../../bench/nodes_scenarios.ts";
import { flags } from "../../bench/scenarios.ts";
import { hasRedis } from "../adapters/redis/redis_server.ts";
import { compiledTest } from "./compiler.ts";

const [drumbeat] = nodePeers;

if (!hasRedis) console.log("SKIPPED (no redis-server): two nodes deliver");
else {
  compiledTest(
    "two nodes on one Redis deliver every message to all connections of both, and the CPU of all three is measured",
    async () => {
      await buildGenerator();
      const { delivered, expected, serverCpuUs, storeCpuUs } =
        await measureNodes({
          duty: "fan-out",
          load: flags({
            connections: 10,
            messages: 200,
            seconds: 600,
            "in-flight": 8,
          }),
        }, drumbeat!);
      assertEquals([delivered, expected], [2_000, 2_000]);
      assertEquals([serverCpuUs! > 0, storeCpuUs! > 0], [true, true]);
    },
  );
}

Deno.test("the nodes of Drumbeat run the command of 'deno task start' with a Redis", () => {
  const url = "redis://127.0.0.1:1";
  const words = drumbeat!.node(url).command("fan-out", 0);
  assertEquals(words.slice(-2), ["--store", url]);
});

Deno.test("nodes are measured at 1, 8 and 64 in flight, half of 500 connections at each, and at a pace", () => {
  for (const quick of [true, false]) {
    assertEquals(nodesScenarios(quick).map(({ name }) => name), [
      "nodes-1x500",
      "nodes-8x500",
      "nodes-64x500",
      "nodes-paced",
    ]);
  }
});

Deno.test("the command line of the nodes' bench accepts rounds, refuses unknown flags, and has a help text", () => {
  const json = "bench/results/nodes.json";
  assertEquals(readNodesCommand([]), {
    run: "nodes",
    quick: false,
    rounds: 5,
    json,
  });
  assertEquals(readNodesCommand(["--quick", "--json", "a.json"]), {
    run: "nodes",
    quick: true,
    rounds: 1,
    json: "a.json",
  });
  for (const args of [["--rounds", "0"], ["--rounds", "x"], ["--peers", "a"]]) {
    assertEquals(readNodesCommand(args).run, "refuse");
  }
  const help = readNodesCommand(["--help"]);
  assertEquals(help.run, "help");
  if (help.run === "help") assertStringIncludes(help.text, "bench:nodes");
});
