/**
 * `deno task bench:nodes`: two nodes that share one Redis, half of the connections at each. Drumbeat with its Redis store
 * beside Socket.IO with its adapter for Redis Streams. Exits with 1 when a run has missing deliveries.
 *
 * @module
 */

import { haveGenerator } from "./generator.ts";
import { installed, runs } from "./install.ts";
import { machine } from "./machine.ts";
import { measureNodes } from "./nodes_measure.ts";
import { readNodesCommand } from "./nodes_options.ts";
import { nodePeers } from "./nodes_peers.ts";
import { nodesScenarios } from "./nodes_scenarios.ts";
import { warnIfUnpinned } from "./pinning.ts";
import { Results } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { table } from "./table.ts";
import { write } from "./write.ts";

const command = readNodesCommand(Deno.args);
if (command.run === "help") console.log(command.text);
else if (command.run === "refuse") {
  console.error(
    `${command.reason}. 'deno task bench:nodes --help' lists the options.`,
  );
  Deno.exit(2);
} else Deno.exit(await bench(command) ? 0 : 1);

async function bench(
  { quick, rounds, json }: { quick: boolean; rounds: number; json: string },
): Promise<boolean> {
  if (!await haveGenerator()) return false;
  if (!await runs("redis-server")) {
    console.error(
      "Cannot run: no redis-server (install Debian's package redis-server)",
    );
    return false;
  }
  const peers = await installed(nodePeers);
  const isPinned = await warnIfUnpinned();
  const scenarios = nodesScenarios(quick);
  const results = new Results();
  await runRounds(results, {
    rounds,
    scenarios,
    peersOf: () => peers,
    measure: (scenario, peer) => measureNodes(scenario, peer),
  });
  const columns = peers.map(({ name }) => name);
  const rows = results.rows(scenarios, columns);
  console.log(`\n${table(rows, columns)}`);
  const about = { ...await machine(), quick, rounds, pinned: isPinned };
  const numbers = { ...about, rows, runs: results.runs };
  await write(json, JSON.stringify(numbers, null, 2) + "\n");
  return !results.failed;
}
