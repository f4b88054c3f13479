import { CloseCode } from "../../messages.ts";
import type { Flush } from "../log/flush.ts";
import type { Topics } from "../log/topics.ts";
import type { Connections } from "../peers/connections.ts";
import type { Monitor } from "./monitor.ts";
import type { HubStats } from "./stats.ts";

/** The parts of a hub that its numbers are read from. */
export interface HubParts {
  readonly connections: Connections;
  readonly topics: Topics;
  readonly flush: Flush;
  readonly monitor: Monitor;
  readonly committed: number;
  readonly storeWorks: boolean;
}

/** A number of a hub, and the metric that it is exported as. Several numbers may share a metric, with different labels. */
export interface Metric<T> {
  /** The metric's name, without the prefix `drumbeat` and the suffix of its kind. */
  readonly name: string;
  /** A gauge is a number of now; a counter only grows. */
  readonly kind: "gauge" | "counter";
  readonly help: string;
  /**
   * The metric's label, and its value. Numbers that share a metric differ in the value; a number by key has a function
   * from the key to the value.
   */
  readonly label?: readonly [
    name: string,
    value: string | ((key: number) => string),
  ];
  read(hub: HubParts): T;
}

const SESSIONS = "Sessions that a hello named, by whether the hub resumed them";
const CURSORS =
  "Topics subscribed to from a position, by whether no record was missing";

/** The one table of a hub's numbers: `hub.stats()`, Prometheus' metrics and OpenTelemetry's instruments derive from it. */
export const METRICS: { readonly [K in keyof HubStats]: Metric<HubStats[K]> } =
  {
    peers: {
      name: "peers",
      kind: "gauge",
      help: "Open peers: connections whose handshake is complete",
      read: ({ connections }) => connections.peers.size,
    },
    connections: {
      name: "connections",
      kind: "gauge",
      help: "Open connections, those without a hello included",
      read: ({ connections }) => connections.all.size,
    },
    closing: {
      name: "closing",
      kind: "gauge",
      help:
        "Connections that the hub has closed or rejected and whose transport has not reported the end",
      read: ({ connections }) => connections.closing,
    },
    topics: {
      name: "topics",
      kind: "gauge",
      help: "Topics in memory",
      read: ({ topics }) => topics.size,
    },
    records: {
      name: "records",
      kind: "gauge",
      help: "Records in memory",
      read: ({ topics }) => sum(topics, ({ ring }) => ring.size),
    },
    recordBytes: {
      name: "record_bytes",
      kind: "gauge",
      help: "Bytes of the records in memory",
      read: ({ topics }) => sum(topics, ({ ring }) => ring.bytes),
    },
    unackedBytes: {
      name: "unacknowledged_bytes",
      kind: "gauge",
      help:
        "Bytes sent to peers and not acknowledged; for plain peers, bytes that the transport buffers",
      read: ({ connections }) =>
        sum(connections.all, ({ wire }) => wire.unackedBytes),
    },
    storeWorks: {
      name: "store_up",
      kind: "gauge",
      help: "1: the store works; 0: it fails",
      read: ({ storeWorks }) => storeWorks,
    },
    committed: {
      name: "committed",
      kind: "counter",
      help: "Records committed",
      read: ({ committed }) => committed,
    },
    delivered: {
      name: "deliveries",
      kind: "counter",
      help: "Records sent to peers: one record to n peers counts n",
      read: ({ flush }) => flush.counts.delivered,
    },
    gaps: {
      name: "gaps",
      kind: "counter",
      help: "Gaps sent to peers",
      read: ({ flush }) => flush.counts.gaps,
    },
    evicted: {
      name: "evictions",
      kind: "counter",
      help:
        "Records dropped because of limits.recordBytes or limits.recordBytesPerAddress",
      read: ({ topics }) => topics.evicted,
    },
    flushes: {
      name: "flushes",
      kind: "counter",
      help: "Flushes",
      read: ({ flush }) => flush.counts.flushes,
    },
    peersOpened: {
      name: "peers_opened",
      kind: "counter",
      help: "Peers that were opened",
      read: ({ connections }) => connections.peersOpened,
    },
    peersClosed: {
      name: "peers_closed",
      kind: "counter",
      help: "Peers that were closed",
      read: ({ connections }) => connections.peersClosed,
    },
    errors: {
      name: "errors",
      kind: "counter",
      help: "Failures reported to `onError`",
      read: ({ monitor }) => monitor.counts.errors,
    },
    resumed: {
      name: "sessions",
      kind: "counter",
      help: SESSIONS,
      label: ["resumed", "true"],
      read: ({ monitor }) => monitor.counts.resumed,
    },
    notResumed: {
      name: "sessions",
      kind: "counter",
      help: SESSIONS,
      label: ["resumed", "false"],
      read: ({ monitor }) => monitor.counts.notResumed,
    },
    recovered: {
      name: "cursors",
      kind: "counter",
      help: CURSORS,
      label: ["recovered", "true"],
      read: ({ monitor }) => monitor.counts.recovered,
    },
    notRecovered: {
      name: "cursors",
      kind: "counter",
      help: CURSORS,
      label: ["recovered", "false"],
      read: ({ monitor }) => monitor.counts.notRecovered,
    },
    refusals: {
      name: "refusals",
      kind: "counter",
      help: "Handshakes refused, by HTTP status",
      label: ["status", String],
      read: ({ monitor }) => monitor.counts.refusals,
    },
    closes: {
      name: "closes",
      kind: "counter",
      help:
        "Connections closed, by close code; `other` stands for codes that neither Drumbeat nor the standard defines",
      label: ["code", codeLabel],
      read: ({ monitor }) => monitor.counts.closes,
    },
  };

/**
 * Reads every number of a hub. It visits every topic and every connection: not for a hot path.
 *
 * @param hub the hub's parts.
 */
export function statsOf(hub: HubParts): HubStats {
  return Object.fromEntries(
    Object.entries(METRICS).map(([key, { read }]) => [key, read(hub)]),
  ) as unknown as HubStats;
}

/** The metrics by name: several numbers may share one. */
export const METRICS_BY_NAME: ReadonlyMap<string, Metric<unknown>> = new Map(
  Object.values(METRICS).map((metric) => [metric.name, metric]),
);

/** Lists the samples of every metric. No two samples of a metric have the same labels. */
export function* samplesOf(
  stats: HubStats,
): Generator<[name: string, labels: Record<string, string>, value: number]> {
  for (const [key, { name, label }] of Object.entries(METRICS)) {
    const value = stats[key as keyof HubStats];
    if (typeof value !== "object") {
      yield [name, label ? { [label[0]]: `${label[1]}` } : {}, Number(value)];
      continue;
    }
    const [labelName, valueOf] = label as [string, (key: number) => string];
    const byLabel = new Map<string, number>();
    for (const [key, n] of value) {
      byLabel.set(valueOf(key), (byLabel.get(valueOf(key)) ?? 0) + n);
    }
    for (const [value, n] of byLabel) yield [name, { [labelName]: value }, n];
  }
}

/** The codes of RFC 6455 and of Drumbeat. Others share one label: a peer may close with any of thousands. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  ...Object.values(CloseCode),
  1002,
  1003,
  1005,
  1007,
  1008,
  1010,
  1011,
]);

function codeLabel(code: number): string {
  return KNOWN_CODES.has(code) ? `${code}` : "other";
}

function sum<T>(all: Iterable<T>, of: (one: T) => number): number {
  let total = 0;
  for (const one of all) total += of(one);
  return total;
}
