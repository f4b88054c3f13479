/** The bounds of a log: the hub drops the oldest records as soon as the log is above one of them. */
export interface Retention {
  /**
   * The largest number of records.
   *
   * @default 1_000
   */
  readonly maxRecords: number;
  /**
   * Maximum bytes of records, counted as in a batch.
   *
   * @default 1_048_576
   */
  readonly maxBytes: number;
  /**
   * The greatest age of a record, in ms.
   *
   * @default 120_000
   */
  readonly maxAgeMs: number;
}

/** The default {@linkcode Retention} of a topic's log. */
export const DEFAULT_RETENTION: Retention = {
  maxRecords: 1_000,
  maxBytes: 1024 * 1024,
  maxAgeMs: 120_000,
};
