import type { Subscribed } from "../../messages.ts";
import type { Delivery } from "../log/topic.ts";
import type { DialectName } from "../peer.ts";

/** The wire format of one connection: it decodes what the peer sends, and encodes what the peer receives. */
export interface Dialect extends Delivery {
  readonly name: DialectName;
  /** Bytes that were sent to the peer and that it has not acknowledged. */
  readonly unackedBytes: number;
  /** `true` while a frame of the peer has no reply yet. */
  readonly hasPendingReplies: boolean;
  /** Starts: the connection is open. */
  opened(): void;
  /**
   * Returns `true` for a frame that identifies the peer, which may be larger than `messageBytes`: `hello` and `renew`.
   *
   * @param data at most {@linkcode IDENTITY_BYTES}.
   */
  identifies(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Handles a WebSocket message of the peer. */
  receive(data: string | Uint8Array<ArrayBuffer>): void;
  /** Reports that the hub has subscribed the peer to its direct log, if the dialect has a frame for it. */
  subscribed(topic: string, start: Subscribed): void;
  /**
   * Requests a sign that the peer is reading.
   *
   * @returns `false` if the dialect has no such request.
   */
  probe(): boolean;
  /** Announces that the hub disconnects the peer after this time, if the dialect has a frame for it. */
  goaway(afterMs: number): void;
  /** Releases what the dialect holds: the connection is detached. */
  detached(): void;
}
