import { flags, type Metric, type Scenario } from "./scenarios.ts";

/** The number of connections, half of them at each node. */
const CONNECTIONS = 500;

const LATENCIES: readonly Metric[] = [
  { key: "p50Ms", title: "p50 ms", more: false },
  { key: "p99Ms", title: "p99 ms", more: false },
];

const METRICS: readonly Metric[] = [
  { key: "perSecond", title: "deliveries/s", more: true },
  ...LATENCIES,
  { key: "serverCpuUs", title: "nodes' CPU µs/delivery", more: false },
  { key: "storeCpuUs", title: "Redis' CPU µs/message", more: false },
];

/**
 * Returns the scenarios for two nodes, in order: one connection publishes at one node, and all receive it at both.
 *
 * @param quick true for a shorter run.
 */
export function nodesScenarios(quick: boolean): readonly Scenario[] {
  const closed = flags({ seconds: quick ? 1 : 2, warmup: quick ? 0.3 : 0.4 });
  const paced = flags({ seconds: quick ? 1.5 : 4, warmup: 0.4 });
  return [
    ...[1, 8, 64].map((inFlight): Scenario => ({
      name: `nodes-${inFlight}x${CONNECTIONS}`,
      kind: "nodes",
      duty: "fan-out",
      load: [
        ...flags({ "in-flight": inFlight, connections: CONNECTIONS }),
        ...closed,
      ],
      metrics: METRICS,
    })),
    {
      name: "nodes-paced",
      kind: "nodes",
      duty: "fan-out",
      load: [...flags({ connections: CONNECTIONS, pace: 50 }), ...paced],
      metrics: LATENCIES,
    },
  ];
}
