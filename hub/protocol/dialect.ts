import type { Joined } from "../../messages.ts";
import type { LogRecord } from "../log/record.ts";
import type { BatchFrame } from "../log/batch.ts";
import type { DialectName } from "../peer.ts";

/** A run of records that cursors move through: a topic's ring, or what a store read from below it. */
export interface Run {
  /** The topic's name. */
  readonly name: string;
  /** The offset after the last record. */
  readonly head: number;
  /** The record at an offset; throws where there is none. */
  record(offset: number): LogRecord;
  /** The first offset from `offset` on that has a record. Those below it were replaced, not lost. */
  next(offset: number): number;
  /** The batch from an offset on. */
  batch(from: number): BatchFrame;
}

/** How one connection talks: what comes in, and how records go out. One object for each connection. */
export interface Dialect {
  readonly name: DialectName;
  /** The connection is there. */
  opened(): void;
  /** A WebSocket message came in. */
  receive(data: string | Uint8Array<ArrayBuffer>): void;
  /** Whether the peer may be sent more records now. */
  readonly hasCredit: boolean;
  /** Bytes that it was sent and has not shown to have taken in. */
  readonly unackedBytes: number;
  /** Whether something that came in has no answer yet. */
  readonly isOwed: boolean;
  /** Sends records from `from` on while there is credit; returns the offset of the first one not sent. */
  deliver(run: Run, from: number): number;
  /** Tells the peer that records `from` to `to - 1` are lost to it. */
  gap(topic: string, from: number, to: number): void;
  /** Tells the peer that the hub put it into a topic, its own log, where the dialect has a word for it. */
  subscribed(topic: string, place: Joined): void;
  /** Asks for a sign that the peer takes in what it is sent. `false`: it cannot ask. */
  probe(): boolean;
  /** Tells the peer to come back after so many ms, where the dialect has a word for it. */
  goaway(afterMs: number): void;
  /** The connection has left. */
  left(): void;
}
