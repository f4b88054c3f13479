import type { ClientFrame } from "../../messages.ts";

/** A frame that was given to the connection, and may still wait for the server's rates. */
export interface SentFrame {
  /** True once the socket has the frame. */
  readonly isTransmitted: boolean;
  /** Withdraws the frame, unless the socket has it. */
  cancel(): void;
}

/** The open connection of a client. */
export interface FrameSender {
  /** True from `start` until the connection closes. */
  readonly isOpen: boolean;
  /** Returns the largest size of a frame of a type that the server accepts, in bytes; `Infinity` before the first `start`. */
  maxBytes(type: ClientFrame["type"]): number;
  /** Returns true if the server accepts one more request now: docs/protocol.md, "In flight". */
  hasCapacity(): boolean;
  /** Sends an encoded frame within the server's rates. */
  send(frame: string, bytes: number): SentFrame;
}
