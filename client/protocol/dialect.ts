import type { Binary } from "../publish/body.ts";
import type { Connection } from "../connection/connection.ts";

/** How a client speaks: what goes over its connections. */
export interface Dialect {
  /** The subprotocols to offer. */
  readonly protocols: string[];
  /** Bytes that wait to be sent. */
  readonly unsentBytes: number;
  /** A socket is open: greet. */
  opened(connection: Connection): void;
  /** A message came over that connection. */
  received(data: string | Uint8Array<ArrayBuffer>): void;
  /** That connection is lost; there may be another. */
  cut(): void;
  /** There will be no other. */
  close(): void;
  /** `WebSocket.send`. */
  send(data: string | Binary): void;
}

/** What a dialect tells its client. */
export interface DialectHost {
  /** The greeting is through. */
  ready(): void;
  /** The server wants the client to come back after so many ms. */
  goaway(afterMs: number): void;
  /** Something for those who listen to `message` events. */
  message(data: string | Uint8Array<ArrayBuffer>): void;
  /** Whether anyone ever listened to events of this type. */
  hears(type: string): boolean;
  /** An event to dispatch. */
  emit(event: Event): void;
  /** A ping was answered. */
  beat(rttMs: number): void;
}
