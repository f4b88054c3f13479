import type { IncomingMessage } from "node:http";
import type { EventEmitter } from "node:events";
import process from "node:process";
import type { Duplex } from "node:stream";

/** A WebSocket of `ws`, as far as it is used here. The package has no types of its own. */
export interface WebSocket extends EventEmitter {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** A server of `ws` that listens to nothing by itself, as far as it is used here. */
export interface WebSocketServer extends EventEmitter {
  handleUpgrade(
    message: IncomingMessage,
    stream: Duplex,
    head: Uint8Array,
    opened: (socket: WebSocket) => void,
  ): void;
}

/** What a {@linkcode WebSocketServer} is made with: the options of `ws` that are used here. */
export interface WebSocketServerOptions {
  readonly noServer: true;
  readonly clientTracking: boolean;
  readonly perMessageDeflate: false;
  /** Largest inbound message in bytes. */
  readonly maxPayload: number;
  /** Fragments that one message may have. */
  readonly maxFragments: number;
  /** Reads that may wait for the rest of a frame. */
  readonly maxBufferedChunks: number;
  /** How long an answer to a close frame may take, in ms. */
  readonly closeTimeout: number;
  /** The subprotocol to answer with; `false`: none. */
  readonly handleProtocols: () => string | false;
}

/** Makes a server. */
export type MakeWebSocketServer = (
  options: WebSocketServerOptions,
) => WebSocketServer;

/** The variables that `ws` looks at when it is loaded: whether to do without two native modules. */
const ASKED = {
  WS_NO_BUFFER_UTIL: { value: "1" },
  WS_NO_UTF_8_VALIDATE: { value: "1" },
};

/**
 * Loads `ws`, without native modules. It would ask the environment whether to, and that needs a permission for which a
 * server has no other use: so it is told.
 */
export async function loadWs(): Promise<MakeWebSocketServer> {
  const { env } = process;
  // Whoever else looks meanwhile finds what there is.
  process.env = Object.create(env, ASKED);
  try {
    const { WebSocketServer } = await import("npm:ws@8.23.0");
    return (options) => new WebSocketServer(options);
  } finally {
    process.env = env;
  }
}
