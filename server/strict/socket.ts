import type { Duplex } from "node:stream";
import { ClosingInput } from "../../adapters/closing_input.ts";
import type { Inbound, Socket } from "../../hub/socket.ts";
import { CloseCode } from "../../messages.ts";
import type { WebSocket } from "./load_ws.ts";

const OPEN = 1;

/** The close codes of the errors of `ws` about a frame; every other one is 1002, a breach of the protocol. */
const FRAME_ERRORS: ReadonlyMap<string, number> = new Map([
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", CloseCode.tooBig],
  ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", CloseCode.tooBig],
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
]);

/**
 * The time between the last read of a peer that continues to send and the end of its connection, in ms. A reset may drop the
 * close frame, so a peer that writes before it reads has this time to read it.
 */
const TERMINATE_MS = 100;

/** The socket port over a WebSocket of the npm package `ws`. It can terminate a connection and send a ping. */
export class NodeSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #inbound: Inbound;
  /** The code of the close frame that `ws` has sent after an invalid frame. */
  #errorCode: number | undefined;
  #answered: (() => void) | undefined;
  /** Bounds what is read after the close frame. */
  #closing: ClosingInput | undefined;
  /** The timer that ends a connection whose peer continued to send. */
  #end: ReturnType<typeof setTimeout> | undefined;

  /**
   * Attaches an open WebSocket.
   *
   * @param transport the WebSocket, and the stream below it.
   * @param attach called at once, with this socket.
   */
  constructor(
    { socket, stream }: { readonly socket: WebSocket; readonly stream: Duplex },
    attach: (socket: Socket) => Inbound,
  ) {
    this.#socket = socket;
    this.#stream = stream;
    socket.on("error", (error: Error & { readonly code?: string }) => {
      // After an invalid frame, `ws` sends a close frame; after a failure of the network, the code is 1006. The event
      // `close` follows in both cases.
      if (error.code?.startsWith("WS_ERR_")) {
        this.#errorCode = FRAME_ERRORS.get(error.code) ?? 1002;
        this.#boundInput();
      }
    });
    stream.once("finish", () => {
      // After an invalid frame the peer may still send, and a reset would drop the close frame: `ws` waits for the peer.
      if (this.#errorCode === undefined) stream.destroy();
    });
    this.#inbound = attach(this);
    socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      if (this.#closing !== undefined) return this.#count(0, 1);
      // A copy: the message is a view of the whole chunk that was read, and a log would keep the chunk.
      this.#inbound.receive(isBinary ? new Uint8Array(data) : `${data}`);
    });
    socket.on("ping", ({ length }: Uint8Array) => this.#control(length));
    socket.on("pong", ({ length }: Uint8Array) => {
      this.#control(length);
      this.#answered?.();
      this.#answered = undefined;
    });
    socket.on("close", (code: number, reason: Uint8Array) => {
      clearTimeout(this.#end);
      this.#inbound.closed(this.#errorCode ?? code, `${reason}`);
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
    if (!this.open) return;
    this.#socket.close(code, reason);
    this.#boundInput();
  }

  #control(bytes: number): void {
    if (this.#closing === undefined) this.#inbound.control?.(bytes);
    else this.#count(0, 1);
  }

  /** Starts to count what is read: the close frame was sent. */
  #boundInput(): void {
    if (this.#closing !== undefined) return;
    this.#closing = new ClosingInput();
    this.#stream.on("data", ({ length }: Uint8Array) => this.#count(length, 0));
  }

  /** Counts what is read after the close frame, and ends the connection of a peer that continues to send. */
  #count(bytes: number, messages: number): void {
    if (this.#closing?.exceeds(bytes, messages) !== true) return;
    this.#stream.pause();
    this.#end ??= setTimeout(() => this.terminate(), TERMINATE_MS);
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
