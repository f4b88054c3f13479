import type { Inbound, Socket } from "../hub/socket.ts";

/** A standard `WebSocket`, such as `Deno.upgradeWebSocket` gives, as the hub's port. */
export class DenoSocket implements Socket, EventListenerObject {
  readonly #socket: WebSocket;
  readonly #attach: (socket: Socket) => Inbound;
  #inbound: Inbound | undefined;
  /** The timer of a close that was asked for. */
  #closing: ReturnType<typeof setTimeout> | undefined;

  /**
   * Listens to a socket that is not open yet.
   *
   * @param socket the socket.
   * @param attach called once, when it is open.
   */
  constructor(socket: WebSocket, attach: (socket: Socket) => Inbound) {
    this.#socket = socket;
    this.#attach = attach;
    socket.binaryType = "arraybuffer";
    // One object listens to all: four closures for each connection would cost more than the connection's own state.
    for (const type of ["open", "message", "close", "error"]) {
      socket.addEventListener(type, this);
    }
  }

  get open(): boolean {
    return this.#closing === undefined &&
      this.#socket.readyState === WebSocket.OPEN;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#closing !== undefined) return;
    try {
      this.#socket.send(data);
    } catch {
      // Not open any more: its `close` event tells the hub.
    }
  }

  close(code: number, reason: string): void {
    if (
      this.#closing !== undefined ||
      this.#socket.readyState === WebSocket.CLOSED
    ) return;
    // Not from within a message's handler: if another message has come in by then, Deno 2.9 drops the connection and
    // never sends the close frame, and a client that was told to stay away sees 1006 and comes back.
    this.#closing = setTimeout(() => {
      try {
        this.#socket.close(code, reason);
      } catch {
        // Closed already.
      }
    }, 0);
  }

  terminate(): boolean {
    // The runtime has no way to drop a connection: docs/security.md.
    return false;
  }

  /** Called by the socket. */
  handleEvent(event: Event): void {
    switch (event.type) {
      case "open":
        this.#inbound = this.#attach(this);
        return;
      case "message": {
        const { data } = event as MessageEvent<string | ArrayBuffer>;
        this.#inbound?.receive(
          typeof data === "string" ? data : new Uint8Array(data),
        );
        return;
      }
      case "close": {
        clearTimeout(this.#closing);
        const { code, reason } = event as CloseEvent;
        this.#inbound?.closed(code, reason);
        return;
      }
      case "error":
        // A `close` event follows, or the hub's heartbeat finds out.
        event.preventDefault();
    }
  }
}
