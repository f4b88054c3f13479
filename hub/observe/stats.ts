/** The numbers of a hub now, from `hub.stats()`: of one hub, though other hubs share its store. */
export interface HubStats {
  /** Open peers: those that `onOpen` was called for. */
  readonly peers: number;
  /** Open connections, those without a hello included. */
  readonly connections: number;
  /** Connections that the hub has closed or rejected and whose transport has not reported the end. */
  readonly closing: number;
  /** Topics in memory. */
  readonly topics: number;
  /** Records in memory. */
  readonly records: number;
  /** Bytes of the records in memory. */
  readonly recordBytes: number;
  /** Records committed since the start. */
  readonly committed: number;
  /**
   * Deliveries since the start: one record to n peers counts n. A record that the hub reads itself, from a log that hubs
   * share, counts one more.
   */
  readonly delivered: number;
  /** Gaps sent to peers since the start. */
  readonly gaps: number;
  /** Records that were dropped since the start because of `limits.recordBytes` or `limits.recordBytesPerAddress`. */
  readonly evicted: number;
  /** Flushes since the start. */
  readonly flushes: number;
  /** Peers that were opened since the start. */
  readonly peersOpened: number;
  /** Peers that were closed since the start. */
  readonly peersClosed: number;
  /** Bytes that peers were sent and have not acknowledged; for plain peers, bytes that the transport buffers. */
  readonly unackedBytes: number;
  /** `false` while the store's newest attempt failed, for up to 10 s. */
  readonly storeWorks: boolean;
  /** Connections closed since the start, by close code, those without a hello included. */
  readonly closes: ReadonlyMap<number, number>;
  /** Handshakes refused since the start, by HTTP status. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Sessions that a hello named and the hub resumed, since the start. */
  readonly resumed: number;
  /** Sessions that a hello named and the hub did not find, since the start. */
  readonly notResumed: number;
  /** Positions that a hello or a subscribe named and that missed no record, since the start. */
  readonly recovered: number;
  /** Positions that a hello or a subscribe named and that missed records: a gap, or another log. */
  readonly notRecovered: number;
  /** Failures reported to `onError` since the start. */
  readonly errors: number;
}
