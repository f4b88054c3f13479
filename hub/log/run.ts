import type { RecordLog } from "./log.ts";

/** A run of records that cursors move through: a topic's ring, or records that the store read from below it. */
export interface Run {
  /** The topic's name. */
  readonly name: string;
  /** The records. */
  readonly ring: Pick<RecordLog, "head" | "at" | "next">;
  /** Returns the batch that begins at an offset. */
  batch(from: number): BatchFrame;
}

/** An encoded batch: made once, sent to every peer whose cursor is at `from`. */
export interface BatchFrame {
  /** The first record's offset. */
  readonly from: number;
  /** The offset after the last record. */
  readonly to: number;
  /** The WebSocket message. */
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** The length in bytes: the credit that the frame costs. */
  readonly bytes: number;
}
