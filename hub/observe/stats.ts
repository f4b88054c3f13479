import type { Connections } from "../peers/connections.ts";
import type { Delivery } from "../log/flush.ts";
import type { Monitor } from "./monitor.ts";
import type { Topics } from "../log/topics.ts";

/** The numbers of `hub.stats()`: of one hub, though others share its store. */
export interface HubStats {
  /** Peers that have joined. */
  readonly peers: number;
  /** Connections, those that have not said hello included. */
  readonly connections: number;
  /** Connections that have left and whose transport has not said that they are gone. */
  readonly closing: number;
  /** Topics that somebody used lately. */
  readonly topics: number;
  /** Records in the rings. */
  readonly records: number;
  /** Bytes of the records in the rings. */
  readonly recordBytes: number;
  /** Records committed since the start. */
  readonly committed: number;
  /** Deliveries since the start: one record to n peers counts n, and to the hub itself, in logs that hubs share, one. */
  readonly delivered: number;
  /** Gaps told since the start. */
  readonly gaps: number;
  /** Flushes since the start. */
  readonly flushes: number;
  /** Peers that joined since the start. */
  readonly joins: number;
  /** Peers that left since the start. */
  readonly leaves: number;
  /** Bytes that peers were sent and have not acknowledged; of plain ones, those that the transport holds back. */
  readonly unackedBytes: number;
  /** Whether the store works: not while it failed last, within the last 10 s. */
  readonly storeWorks: boolean;
  /** Connections that ended since the start, by close code; those that had not said hello, too. */
  readonly closes: ReadonlyMap<number, number>;
  /** Handshakes refused since the start, by HTTP status. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Sessions that a hello named and got, since the start. */
  readonly resumed: number;
  /** Sessions that a hello named and that were not known any more, since the start. */
  readonly notResumed: number;
  /** Cursors that went on where their peer said it had been, since the start. */
  readonly recovered: number;
  /** Cursors that could not: the peer was told of a gap, or of another log. */
  readonly notRecovered: number;
  /** Failures reported to `onError` since the start. */
  readonly errors: number;
}

/** Takes the numbers together. It visits every topic and every connection: for those who ask now and then. */
export function statsOf(
  { connections, topics, delivery, monitor }: {
    readonly connections: Connections;
    readonly topics: Topics;
    readonly delivery: Delivery;
    readonly monitor: Monitor;
  },
  committed: number,
): HubStats {
  let records = 0;
  let recordBytes = 0;
  for (const { log } of topics) {
    records += log.size;
    recordBytes += log.bytes;
  }
  const { peers, all, closing, joins, leaves } = connections;
  let unackedBytes = 0;
  for (const { wire } of all) unackedBytes += wire.unackedBytes;
  return {
    peers: peers.size,
    connections: all.size,
    closing,
    topics: topics.size,
    records,
    recordBytes,
    committed,
    ...delivery.counts,
    joins,
    leaves,
    unackedBytes,
    storeWorks: monitor.storeWorks,
    ...monitor.counts,
  };
}
