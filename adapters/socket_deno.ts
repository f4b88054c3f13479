import type { Inbound, Socket } from "../hub/socket.ts";

/**
 * A message that comes in while the runtime waits for the answer to our close frame makes it drop the connection, and
 * the peer's next write then fails before it has read the frame: it sees 1006 and comes back, where it was told to stay
 * away. So a socket is closed once its peer was quiet in this many looks in a row: who gets no more answers soon is.
 * Looks, not time alone: what came in while the event loop was busy is read between them.
 */
const QUIET_LOOKS = 3;
/** The time between two looks, in ms. All in all more than the 40 ms for which TCP may hold back a small write (Nagle). */
const LOOK_MS = 20;
/** Who is never quiet is closed all the same, after this many looks. */
const MAX_LOOKS = 15;

/** A standard `WebSocket`, such as `Deno.upgradeWebSocket` gives, as the hub's port. */
export class DenoSocket implements Socket, EventListenerObject {
  readonly #socket: WebSocket;
  readonly #attach: (socket: Socket) => Inbound;
  #inbound: Inbound | undefined;
  /** The timer of a close that was asked for. */
  #closing: ReturnType<typeof setTimeout> | undefined;
  /** Whether a message came in since it was armed. */
  #heard = false;

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
    this.#closeWhenQuiet(code, reason);
  }

  #closeWhenQuiet(code: number, reason: string, looks = 0, quiet = 0): void {
    this.#heard = false;
    this.#closing = setTimeout(() => {
      const looked = looks + 1;
      const quietFor = this.#heard ? 0 : quiet + 1;
      if (quietFor < QUIET_LOOKS && looked < MAX_LOOKS) {
        return this.#closeWhenQuiet(code, reason, looked, quietFor);
      }
      try {
        this.#socket.close(code, reason);
      } catch {
        // Closed already.
      }
    }, LOOK_MS);
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
        this.#heard = true;
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
