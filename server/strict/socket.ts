import type { Duplex } from "node:stream";
import type { Inbound, Socket } from "../../hub/socket.ts";
import { CloseCode } from "../../messages.ts";
import type { WebSocket } from "./ws_types.ts";

const OPEN = 1;

/** How `ws` names what was wrong with a frame; every other one of its errors is 1002, a breach of the protocol. */
const BREACHES: ReadonlyMap<string, number> = new Map([
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", CloseCode.tooBig],
  ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", CloseCode.tooBig],
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
]);

/**
 * Of what follows a frame that broke the rules, this much is read and forgotten, so that whoever writes first and reads
 * then gets to our close frame. More is left where it is: what is read takes memory until it is collected.
 */
const DISCARDED_BYTES = 2 * 1024 * 1024;

/** A WebSocket of the npm package `ws` as the hub's port. It can drop a connection, and ask for a sign of life. */
export class NodeSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #inbound: Inbound;
  /** What it was closed with for a frame that broke the rules. */
  #breach: number | undefined;
  #answered: (() => void) | undefined;

  /**
   * Listens to a socket that is open.
   *
   * @param socket the socket, and the stream below it.
   * @param attach called at once.
   */
  constructor(
    { socket, stream }: { readonly socket: WebSocket; readonly stream: Duplex },
    attach: (socket: Socket) => Inbound,
  ) {
    this.#socket = socket;
    socket.on("error", (error: Error & { readonly code?: string }) => {
      // Of a frame: its close frame is on its way. Of the network: 1006. A `close` event follows both.
      if (error.code?.startsWith("WS_ERR_")) {
        this.#breach = BREACHES.get(error.code) ?? 1002;
        let left = DISCARDED_BYTES;
        stream.on("data", ({ length }: Uint8Array) => {
          if ((left -= length) <= 0) stream.pause();
        });
      }
    });
    stream.once("finish", () => {
      // All is said. Who broke the rules may be sending still, and would lose our last word to a reset: `ws` gives it time.
      if (this.#breach === undefined) stream.destroy();
    });
    this.#inbound = attach(this);
    socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      // A copy: what comes is a view of the whole chunk that was read, and a log would keep that.
      this.#inbound.receive(isBinary ? new Uint8Array(data) : `${data}`);
    });
    socket.on("pong", () => {
      this.#answered?.();
      this.#answered = undefined;
    });
    socket.on("close", (code: number, reason: Uint8Array) => {
      this.#inbound.closed(this.#breach ?? code, `${reason}`);
    });
  }

  get open(): boolean {
    return this.#socket.readyState === OPEN;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.open) this.#socket.send(data);
  }

  close(code: number, reason: string): void {
    if (this.open) this.#socket.close(code, reason);
  }

  terminate(): boolean {
    this.#socket.terminate();
    return true;
  }

  ping(answered: () => void): void {
    if (!this.open) return;
    this.#answered = answered;
    this.#socket.ping();
  }
}
