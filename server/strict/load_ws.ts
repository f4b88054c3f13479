import type { Buffer } from "node:buffer";
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import process from "node:process";
import type { Duplex } from "node:stream";

// The types of `ws` are stated here and not imported from `@types/ws`: that package imports `@types/node`, whose global
// `Event` then replaces Deno's in every program that imports this module, and `addEventListener` with a listener of type
// `(event: Event) => void` no longer compiles there.

/** The part of a WebSocket of `ws` that is used here. */
export interface WebSocket extends EventEmitter {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** The part of a server of `ws` that is used here. */
export interface WebSocketServer extends EventEmitter {
  handleUpgrade(
    message: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    opened: (socket: WebSocket) => void,
  ): void;
}

/** Options of a server of `ws`. */
export interface WebSocketServerOptions {
  readonly noServer: true;
  readonly clientTracking: boolean;
  readonly perMessageDeflate: false;
  /** The largest inbound message in bytes; 0 for no limit. */
  readonly maxPayload: number;
  /** The largest number of fragments of one message. */
  readonly maxFragments: number;
  /** The largest number of reads that wait for the rest of a frame. */
  readonly maxBufferedChunks: number;
  /** The time in which a peer has to answer a close frame, in ms. */
  readonly closeTimeout: number;
  /** Returns the subprotocol to answer with; `false` for none. */
  readonly handleProtocols: () => string | false;
}

/** Creates a server of `ws`. */
export type CreateWebSocketServer = (
  options: WebSocketServerOptions,
) => WebSocketServer;

/** The variables that `ws` reads when it is loaded: they disable its two native modules. */
const VARIABLES = {
  WS_NO_BUFFER_UTIL: { value: "1" },
  WS_NO_UTF_8_VALIDATE: { value: "1" },
};

/**
 * Loads `ws` without its native modules.
 *
 * `ws` reads two environment variables. That needs a permission that a server has no other use for, so they are set here,
 * for the time of the import.
 */
export async function loadWs(): Promise<CreateWebSocketServer> {
  const { env } = process;
  // Other code that runs meanwhile reads the variables of the process.
  process.env = Object.create(env, VARIABLES);
  try {
    const { WebSocketServer } = await import("npm:ws@8.23.0");
    return (options) => new WebSocketServer(options);
  } finally {
    process.env = env;
  }
}
