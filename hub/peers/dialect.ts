import type { Subscribed } from "../../messages.ts";
import type { Delivery } from "../log/topic.ts";
import type { DialectName } from "../peer.ts";

/** The dialect of one connection: decodes the frames of its peer, and encodes the frames for it. */
export interface Dialect extends Delivery {
  readonly name: DialectName;
  /** Bytes that were sent to the peer and that it has not acknowledged. */
  readonly unackedBytes: number;
  /** `true` while the hub has not answered every frame of the peer. A drain waits for it. */
  readonly hasPendingReplies: boolean;
  /** Starts the dialect: the connection is open. */
  opened(): void;
  /**
   * Returns `true` for a `hello` or a `renew`: these frames may be larger than `messageBytes`, because a token identifies the
   * peer.
   *
   * @param data a frame of at most {@linkcode IDENTITY_BYTES}.
   */
  identifies(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Returns `true` for a frame that only confirms that the peer is reading. A drain accepts no other frames. */
  confirms(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Handles a WebSocket message of the peer. */
  receive(data: string | Uint8Array<ArrayBuffer>): void;
  /** Sends the start of the direct log that the hub has subscribed the peer to. Without such a frame it does nothing. */
  subscribed(topic: string, start: Subscribed): void;
  /**
   * Sends a ping: its pong proves that the peer is reading.
   *
   * @returns `false` if the dialect has no ping of the hub.
   */
  probe(): boolean;
  /** Sends the time after which the hub disconnects the peer. Without such a frame it does nothing. */
  goaway(afterMs: number): void;
  /** Releases what the dialect holds: the hub has detached the connection. */
  detached(): void;
}
