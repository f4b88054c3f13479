/**
 * `deno task bench:workers`: fan-out with one isolate and with two workers. Server and load share the machine's two cores,
 * so the rate alone means little: the deliveries per CPU second show the cost of the port to the logs. Exits with 1 when a
 * run failed.
 *
 * @module
 */

import { haveGenerator, type Measured } from "./generator.ts";
import { measure } from "./measure.ts";
import { type Peer, PEERS } from "./peers.ts";
import { Results } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { fanOut, flags, type Metric, type Scenario } from "./scenarios.ts";
import { table } from "./table.ts";

const ROUNDS = 5;
const TIME = flags({ seconds: 2, warmup: 0.4 });
const COUNTS: readonly number[] = [1, 2];

const METRICS: readonly Metric[] = [
  { key: "perSecond", title: "deliveries/s", more: true },
  { key: "serverCpu", title: "CPU of the server", more: false },
  { key: "perCpu", title: "deliveries per CPU s", more: true },
];

/** Both run on both cores, because a server on one core cannot gain from a second worker. */
function peerWith(workers: number): Peer {
  const [stock] = PEERS;
  return {
    ...stock!,
    name: `workers-${workers}`,
    cores: "0,1",
    command: (duty, port) => [
      ...stock!.command(duty, port),
      ...["--workers", String(workers)],
    ],
  };
}

async function run(scenario: Scenario, peer: Peer): Promise<Measured> {
  const measured = await measure(scenario, peer);
  const { perSecond, serverCpu } = measured;
  return { ...measured, perCpu: perSecond! / serverCpu! };
}

async function main(): Promise<boolean> {
  if (!await haveGenerator()) return false;
  const results = new Results();
  const peers = COUNTS.map(peerWith);
  const all = [100, 500].flatMap((connections) =>
    [1, 8, 64].map((inFlight) => ({
      ...fanOut(inFlight, connections, TIME),
      metrics: METRICS,
    }))
  );
  await runRounds(results, {
    rounds: ROUNDS,
    scenarios: all,
    peersOf: () => peers,
    measure: run,
  });
  const names = peers.map(({ name }) => name);
  console.log(table(results.rows(all, names), names));
  return !results.failed;
}

Deno.exit(await main() ? 0 : 1);
