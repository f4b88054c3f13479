import type { HubStats } from "../../hub/observe/stats.ts";
import { CloseCode } from "../../messages.ts";

/** The codes that have a label of their own: a peer may close with any of thousands. */
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

/** Numbers of now, by metric. */
export const GAUGES: Readonly<
  Record<string, readonly [help: string, of: (stats: HubStats) => number]>
> = {
  peers: ["Peers that have joined", ({ peers }) => peers],
  connections: [
    "Connections, those that have not said hello included",
    ({ connections }) => connections,
  ],
  closing: [
    "Connections that have left and whose transport has not let go",
    ({ closing }) => closing,
  ],
  topics: ["Topics that somebody used lately", ({ topics }) => topics],
  records: ["Records in memory", ({ records }) => records],
  record_bytes: [
    "Bytes of the records in memory",
    ({ recordBytes }) => recordBytes,
  ],
  unacknowledged_bytes: [
    "Bytes sent to peers and not acknowledged",
    ({ unackedBytes }) => unackedBytes,
  ],
  store_up: [
    "1: the store works, 0: it fails",
    ({ storeWorks }) => storeWorks ? 1 : 0,
  ],
};

/** What a counter says, the name of its label (`""`: it has none), and its numbers by the label's value. */
type CounterOf = readonly [
  help: string,
  label: string,
  of: (stats: HubStats) => Iterable<readonly [string, number]>,
];

/** Numbers that only grow, by metric. */
export const COUNTERS: Readonly<Record<string, CounterOf>> = {
  committed_total: plain("Records committed", ({ committed }) => committed),
  deliveries_total: plain(
    "Records given to peers: one to n peers counts n",
    ({ delivered }) => delivered,
  ),
  gaps_total: plain("Gaps told to peers", ({ gaps }) => gaps),
  flushes_total: plain("Flushes", ({ flushes }) => flushes),
  joins_total: plain("Peers that joined", ({ joins }) => joins),
  leaves_total: plain("Peers that left", ({ leaves }) => leaves),
  errors_total: plain("Failures reported", ({ errors }) => errors),
  sessions_total: [
    "Sessions that a client asked to resume, by whether it could",
    "resumed",
    ({ resumed, notResumed }) => [["true", resumed], ["false", notResumed]],
  ],
  cursors_total: [
    "Topics in which a client asked to go on, by whether nothing was missing",
    "recovered",
    ({ recovered, notRecovered }) => [
      ["true", recovered],
      ["false", notRecovered],
    ],
  ],
  refusals_total: [
    "Handshakes refused, by HTTP status",
    "status",
    ({ refusals }) => [...refusals].map(([status, n]) => [`${status}`, n]),
  ],
  closes_total: [
    "Connections that ended, by close code",
    "code",
    ({ closes }) => byKnownCode(closes),
  ],
};

function plain(
  help: string,
  of: (stats: HubStats) => number,
): CounterOf {
  return [help, "", (stats) => [["", of(stats)]]];
}

function byKnownCode(
  closes: ReadonlyMap<number, number>,
): Map<string, number> {
  const byLabel = new Map<string, number>();
  for (const [code, n] of closes) {
    const label = KNOWN_CODES.has(code) ? `${code}` : "other";
    byLabel.set(label, (byLabel.get(label) ?? 0) + n);
  }
  return byLabel;
}
