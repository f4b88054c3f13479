/** The numbers of `hub.stats()`: of one hub, though others share its store. */
export interface HubStats {
  /** Peers that have joined. */
  readonly peers: number;
  /** Connections, those that have not said hello included. */
  readonly connections: number;
  /** Connections that have left and whose transport has not said that they are gone. */
  readonly zombies: number;
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
}
