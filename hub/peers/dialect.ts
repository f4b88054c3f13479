import type { Joined } from "../../messages.ts";
import type { Run } from "../log/run.ts";
import type { DialectName } from "../peer.ts";

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
