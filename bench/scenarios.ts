import type { Duty } from "./peers.ts";

/** One number of a run that the table shows. */
export interface Metric {
  /** The number's name in the output of the load generator. */
  readonly key: string;
  readonly title: string;
  /** True if more is better, false if less is. */
  readonly more: boolean;
}

/** One scenario. */
export interface Scenario {
  readonly name: string;
  /** The kind, which `--only` accepts as well. */
  readonly kind: string;
  readonly duty: Duty;
  /** The options of the load generator, without those of the server. */
  readonly load: readonly string[];
  readonly metrics: readonly Metric[];
}

const RATE: Metric = { key: "perSecond", title: "deliveries/s", more: true };
const SECONDS: Metric = { key: "seconds", title: "s", more: false };
const P50: Metric = { key: "p50Ms", title: "p50 ms", more: false };
const P99: Metric = { key: "p99Ms", title: "p99 ms", more: false };
const P999: Metric = { key: "p999Ms", title: "p99.9 ms", more: false };
const PEAK: Metric = { key: "peakMib", title: "peak MiB", more: false };
const CPU: Metric = { key: "serverCpu", title: "CPU of a core", more: false };
const KIB: Metric = {
  key: "kibPerConnection",
  title: "KiB/connection",
  more: false,
};
const REFUSED: Metric = { key: "refused", title: "refused", more: false };

/**
 * Concurrent handshakes of a connection storm. If there were more than a listener's queue has room for, the kernel would
 * retry after a second, and that second would be measured on every server.
 */
const AT_ONCE = { opening: 500 };

/** Durations and sizes of the full run, or the quick one. */
interface Sizes {
  readonly fanOut: readonly number[];
  readonly seconds: number;
  readonly warmup: number;
  readonly paced: number;
  readonly slow: number;
  readonly crowd: number;
  readonly pinging: number;
  readonly pingSeconds: number;
  readonly settle: number;
}

const FULL: Sizes = {
  fanOut: [100, 500, 5000],
  seconds: 2,
  warmup: 0.4,
  paced: 5,
  slow: 8,
  crowd: 5000,
  pinging: 10_000,
  pingSeconds: 10,
  settle: 3,
};

const QUICK: Sizes = {
  fanOut: [500],
  seconds: 1,
  warmup: 0.3,
  paced: 1.5,
  slow: 2,
  crowd: 1000,
  pinging: 5000,
  pingSeconds: 2,
  settle: 1,
};

/**
 * Returns the scenarios, in the order of their runs.
 *
 * @param quick true for a smaller and shorter run.
 */
export function scenarios(quick: boolean): readonly Scenario[] {
  const size = quick ? QUICK : FULL;
  const closed = flags({ seconds: size.seconds, warmup: size.warmup });
  const paced = flags({ seconds: size.paced, warmup: size.warmup });
  return [
    ...size.fanOut.flatMap((connections) =>
      [1, 8, 64].map((inFlight) => fanOut(inFlight, connections, closed))
    ),
    {
      name: "topics",
      kind: "topics",
      duty: "fan-out",
      load: [...flags({ connections: 5000, groups: 100 }), ...closed],
      metrics: [RATE, P99],
    },
    {
      name: "echo",
      kind: "echo",
      duty: "echo",
      load: [...flags({ connections: 100, groups: 100 }), ...closed],
      metrics: [RATE, P99],
    },
    {
      name: "request",
      kind: "request",
      duty: "request",
      load: [
        "--request",
        ...flags({ connections: 100, groups: 100 }),
        ...closed,
      ],
      metrics: [RATE, P99],
    },
    {
      name: "paced",
      kind: "paced",
      duty: "fan-out",
      load: [...flags({ connections: 500, pace: 200 }), ...paced],
      metrics: [P50, P99, P999],
    },
    {
      name: "storm",
      kind: "storm",
      duty: "fan-out",
      load: flags({ mode: "storm", connections: size.crowd, ...AT_ONCE }),
      metrics: [SECONDS, REFUSED],
    },
    {
      name: "idle",
      kind: "idle",
      duty: "fan-out",
      load: flags({
        mode: "idle",
        connections: size.crowd,
        settle: size.settle,
      }),
      metrics: [KIB],
    },
    {
      name: "heartbeat",
      kind: "heartbeat",
      duty: "heartbeat",
      load: flags({
        mode: "heartbeat",
        connections: size.pinging,
        interval: 10,
        seconds: size.pingSeconds,
        settle: 1,
      }),
      metrics: [CPU, P99],
    },
    slowReader(0, size),
    slowReader(1, size),
    {
      name: "replay",
      kind: "replay",
      duty: "replay",
      load: flags({
        mode: "replay",
        connections: 501,
        messages: 999,
        ...AT_ONCE,
      }),
      metrics: [SECONDS],
    },
    {
      name: "restart",
      kind: "restart",
      duty: "restart",
      load: flags({
        mode: "restart",
        connections: size.crowd,
        messages: 100,
        ...AT_ONCE,
      }),
      metrics: [SECONDS, REFUSED],
    },
  ];
}

/** One connection publishes and all receive, with this number of messages in flight. */
export function fanOut(
  inFlight: number,
  connections: number,
  time: readonly string[],
): Scenario {
  return {
    name: `fan-out-${inFlight}x${connections}`,
    kind: "fan-out",
    duty: "fan-out",
    load: [...flags({ "in-flight": inFlight, connections }), ...time],
    metrics: [RATE],
  };
}

/** More than the 2 or 3 MiB that the kernel buffers for a stalled reader, so that the server has to handle the rest. */
function slowReader(
  stalled: 0 | 1,
  { slow: seconds, warmup }: Sizes,
): Scenario {
  return {
    name: stalled === 0 ? "slow-reader-without" : "slow-reader-with",
    kind: "slow-reader",
    duty: "fan-out",
    load: [
      ...flags({ connections: 500, pace: 100, bytes: 8000, stalled }),
      ...flags({ seconds, warmup }),
    ],
    metrics: [P99, PEAK],
  };
}

/** Options of the load generator. */
export function flags(
  values: Readonly<Record<string, number | string>>,
): readonly string[] {
  return Object.entries(values).flatMap((
    [name, value],
  ) => [`--${name}`, String(value)]);
}
