import { type Measured, runGenerator } from "./generator.ts";
import type { NodePeer } from "./nodes_peers.ts";
import { RedisProcess } from "./redis_process.ts";
import { flags, type Scenario } from "./scenarios.ts";
import { ServerProcess } from "./server_process.ts";

/**
 * Measures one scenario on two nodes of one server: starts a Redis and two nodes, and runs the load once.
 *
 * @throws {LoadError} when a delivery is missing, {@linkcode Error} when one of the three does not start.
 */
export async function measureNodes(
  scenario: Pick<Scenario, "duty" | "load">,
  peer: NodePeer,
): Promise<Measured> {
  await using redis = await RedisProcess.start();
  const node = peer.node(redis.url);
  await using one = await ServerProcess.start(node, scenario.duty);
  await using two = await ServerProcess.start(node, scenario.duty);
  return await runGenerator([
    ...flags({
      port: one.port,
      pid: one.pid,
      "second-port": two.port,
      "second-pid": two.pid,
      "store-pid": redis.pid,
      dialect: node.dialect,
    }),
    ...scenario.load,
  ]);
}
