import type { Measured } from "./generator.ts";
import { measure } from "./measure.ts";
import { type Holding, measureMemory } from "./memory.ts";
import type { Peer } from "./peers.ts";
import { flags, type Metric } from "./scenarios.ts";

/** One point of a curve: the parts of a scenario that results and tables need, and its measurement. */
export interface Point {
  readonly name: string;
  /** The curve's name. */
  readonly kind: string;
  readonly x: number;
  readonly metrics: readonly Metric[];
  /** The measured servers. */
  readonly peers: readonly string[];
  run(peer: Peer): Promise<Measured>;
}

/** The description of a value that is fitted to a straight line. */
export interface Fit {
  /** The number's name in the results. */
  readonly key: string;
  /** The title: `CPU of one message`. */
  readonly title: string;
  readonly unit: string;
  /** The unit of the slope, and its factor to the number's own unit. */
  readonly each: { readonly unit: string; readonly times: number };
  /** True if deviations are relative, for an x over decades. */
  readonly byShare: boolean;
}

/** A cost as a function of a growing number. */
export interface Curve {
  readonly name: string;
  /** The title of the table's first column. */
  readonly axis: string;
  /** The singular of that title. */
  readonly one: string;
  readonly points: readonly Point[];
  /** The straight line to fit. Default: none. */
  readonly fits: readonly Fit[];
}

const PER_CPU: Metric = {
  key: "perCpuSecond",
  title: "deliveries/CPU s",
  more: true,
};
const PER_MESSAGE: Metric = {
  key: "cpuPerMessageUs",
  title: "CPU µs/message",
  more: false,
};
const BYTES: Metric = {
  key: "mibPerCpuSecond",
  title: "MiB/CPU s",
  more: true,
};
const PSS: Metric = { key: "fullMib", title: "PSS MiB", more: false };
const RSS: Metric = { key: "rssMib", title: "RSS MiB", more: false };
const HEAP: Metric = { key: "heapMib", title: "heap MiB", more: false };
const RSS_AFTER: Metric = {
  key: "rssAfterMib",
  title: "RSS MiB, all forgotten",
  more: false,
};
const HEAP_AFTER: Metric = {
  key: "heapAfterMib",
  title: "heap MiB, all forgotten",
  more: false,
};
const IDLE: Metric = {
  key: "idleCpuMs",
  title: "idle: CPU ms/s",
  more: false,
};

const KIB = { unit: "KiB", times: 1024 };
const BYTE = { unit: "bytes", times: 1024 * 1024 };
const BOTH = ["drumbeat", "loop"];
const OURS = ["drumbeat"];
const IN_FLIGHT = 8;
/** The number of connections of the curve over topics. */
const SPREAD_OVER = 1000;
const SIZED_FOR = 100;
/** A log keeps 1 MiB, which is 31 such messages. With more in flight the last reader gets a gap, which fails the run. */
const LARGE = 32_768;
const LARGE_IN_FLIGHT = 4;

interface Sizes {
  readonly seconds: number;
  readonly warmup: number;
  readonly settle: number;
  readonly most: number;
}

const FULL: Sizes = { seconds: 1.5, warmup: 0.5, settle: 3, most: Infinity };
const QUICK: Sizes = { seconds: 0.7, warmup: 0.3, settle: 1, most: 2000 };

/**
 * Returns the curves, in the order of their measurement.
 *
 * @param quick true for a shorter run without the largest points.
 */
export function curves(quick: boolean): readonly Curve[] {
  const size = quick ? QUICK : FULL;
  const upTo = (...xs: number[]) => xs.filter((x) => x <= size.most);
  return [
    {
      name: "connections",
      axis: "connections",
      one: "connection",
      fits: [perMessage(true)],
      points: upTo(100, 200, 500, 1000, 2000, 5000, 10_000).map((x) =>
        traffic("connections", x, size, BOTH, { connections: x })
      ),
    },
    {
      name: "topics",
      axis: "topics",
      one: "topic",
      fits: [],
      points: upTo(1, 10, 100, 1000, 10_000).map((x) =>
        traffic(
          "topics",
          x,
          size,
          // Each connection of the loop is in one topic.
          x <= SPREAD_OVER ? BOTH : OURS,
          { connections: SPREAD_OVER, groups: x },
          ["--round-robin"],
        )
      ),
    },
    {
      name: "bytes",
      axis: "bytes of a message",
      one: "byte",
      fits: [perMessage(true)],
      // The first one is a `chat` with a text of ten bytes.
      points: [35, 100, 1024, 8192, LARGE, 65_536].map((x) =>
        traffic("bytes", x, size, BOTH, { connections: SIZED_FOR, bytes: x })
      ),
    },
    {
      name: "memory-connections",
      axis: "idle connections",
      one: "connection",
      fits: [memory("fullMib", "Memory (PSS)", KIB)],
      points: upTo(1000, 2000, 5000, 10_000).map((x) => ({
        ...named("memory-connections", x),
        metrics: [PSS],
        peers: BOTH,
        run: (peer) =>
          measure({
            ...named("memory-connections", x),
            duty: "fan-out",
            load: flags({ mode: "idle", connections: x, settle: size.settle }),
            metrics: [],
          }, peer),
      })),
    },
    held("memory-topics", "topics", "topic", upTo(1, 1000, 2000, 5000, 10_000)),
    held(
      "memory-records",
      "records",
      "record",
      [1, 20_000, 50_000, 100_000, 200_000],
    ),
  ];
}

function traffic(
  kind: string,
  x: number,
  { seconds, warmup }: Sizes,
  peers: readonly string[],
  options: {
    readonly connections: number;
    readonly groups?: number;
    readonly bytes?: number;
  },
  more: readonly string[] = [],
): Point {
  const { connections, groups = 1, bytes = 100 } = options;
  const metrics = kind === "bytes"
    ? [PER_CPU, PER_MESSAGE, BYTES]
    : [PER_CPU, PER_MESSAGE];
  const inFlight = bytes < LARGE ? IN_FLIGHT : LARGE_IN_FLIGHT;
  const load = [
    ...flags({ "in-flight": inFlight, ...options, seconds, warmup }),
    ...more,
  ];
  const members = Math.max(1, connections / groups);
  const scenario = {
    ...named(kind, x),
    duty: "fan-out",
    load,
    metrics,
  } as const;
  return {
    ...named(kind, x),
    metrics,
    peers,
    run: async (peer) => {
      const measured = await measure(scenario, peer);
      return {
        ...measured,
        cpuPerMessageUs: measured.serverCpuUs! * members,
        mibPerCpuSecond: measured.perCpuSecond! * bytes / 2 ** 20,
      };
    },
  };
}

function held(
  name: string,
  axis: Holding,
  one: string,
  xs: readonly number[],
): Curve {
  return {
    name,
    axis,
    one,
    fits: [
      memory("rssMib", "Memory (RSS)", BYTE),
      memory("heapMib", "Heap", BYTE),
    ],
    points: xs.map((x) => ({
      ...named(name, x),
      metrics: [RSS, HEAP, RSS_AFTER, HEAP_AFTER, IDLE],
      peers: OURS,
      run: () => measureMemory(axis, x),
    })),
  };
}

function named(
  kind: string,
  x: number,
): { name: string; kind: string; x: number } {
  return { name: `${kind}-${x}`, kind, x };
}

function perMessage(byShare: boolean): Fit {
  return {
    key: PER_MESSAGE.key,
    title: "CPU of one message to all",
    unit: "µs",
    each: { unit: "µs", times: 1 },
    byShare,
  };
}

function memory(key: string, title: string, each: Fit["each"]): Fit {
  return { key, title, unit: "MiB", each, byShare: false };
}
