import type { Inbound, Socket } from "../hub/socket.ts";

/** A standard `WebSocket`, such as `Deno.upgradeWebSocket` gives, as the hub's port. */
export class DenoSocket implements Socket, EventListenerObject {
  readonly #socket: WebSocket;
  readonly #attach: (socket: Socket) => Inbound;
  #inbound: Inbound | undefined;

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
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    try {
      this.#socket.send(data);
    } catch {
      // Not open any more: its `close` event tells the hub.
    }
  }

  close(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // Closed already.
    }
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
