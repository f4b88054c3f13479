import type { MessageMap } from "../../messages.ts";
import type { ConnectionHandler, FrameData } from "../connection/connection.ts";
import type { ReconnectHandler } from "../connection/reconnect.ts";
import type { EmitEvent } from "../events.ts";
import type { Binary } from "../publish/body.ts";

/** The frames that a client sends and receives over its connections. */
export interface Dialect extends ConnectionHandler, ReconnectHandler {
  /** The subprotocols to offer. */
  readonly protocols: string[];
  /** The size in bytes of what waits to be sent. */
  readonly unsentBytes: number;
  /** Sends as `WebSocket.send` does. */
  send(data: string | Binary): void;
  /** Rejects everything that waits: the client is closed. */
  close(): void;
}

/** The client of a dialect. */
export interface DialectHost<M extends MessageMap> {
  /** Enters the state `open`. */
  ready(): void;
  /** Reconnects after a time that the server named, in ms. */
  goaway(afterMs: number): void;
  /** Handles the answer to a ping. */
  heartbeat(rttMs: number): void;
  /** Dispatches a `message` event. */
  showMessage(data: FrameData): void;
  /** Returns true if a listener was ever added for an event type. */
  hasListener(type: string): boolean;
  /** Dispatches an event. */
  readonly emit: EmitEvent<M>;
}
