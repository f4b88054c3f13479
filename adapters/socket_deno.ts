import { ClosingInput } from "./closing_input.ts";
import type { Inbound, Socket } from "../hub/socket.ts";

/**
 * A close waits until the peer sent no message for this many checks in a row.
 *
 * The runtime drops the connection when a message arrives after our close frame and before the peer's. The peer's next
 * write then fails before it has read the close frame: it sees 1006 instead of the code, and reconnects although the code
 * forbids it. A count of checks, not a time alone: messages that arrived while the event loop was busy are read
 * between two checks.
 */
const QUIET_CHECKS = 3;
/** The time between two checks, in ms. Three of them exceed the 40 ms for which TCP may delay a small write (Nagle). */
const CHECK_MS = 20;
/** A peer that sends a little all the time is closed after this many checks. */
const MAX_CHECKS = 15;

/** A close that the hub has asked for and that waits until the peer is quiet. */
interface PendingClose {
  readonly code: number;
  readonly reason: string;
  readonly input: ClosingInput;
  /** The timer of the next check. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** `true` when a message arrived since the last check. */
  hasReceived: boolean;
}

/**
 * A standard `WebSocket`, such as `Deno.upgradeWebSocket` returns, as the hub's port.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../hub.ts";
 * import { DenoSocket } from "./socket_deno.ts";
 *
 * await using hub = createHub();
 * const opened = Promise.withResolvers<void>();
 * await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   const info = { protocol: "", url: request.url, address: "192.0.2.1" };
 *   new DenoSocket(socket, (port) => {
 *     opened.resolve();
 *     return hub.transport.attach(port, info);
 *   });
 *   return response;
 * });
 * const client = new WebSocket(`ws://localhost:${server.addr.port}`);
 * await opened.promise;
 * assertEquals(hub.stats().connections, 1);
 * const closed = new Promise((resolve) => client.onclose = resolve);
 * client.close();
 * await closed;
 * ```
 */
export class DenoSocket implements Socket, EventListenerObject {
  readonly #socket: WebSocket;
  /** Until the socket opens: it may hold secrets of the handshake. */
  #attach: ((socket: Socket) => Inbound) | undefined;
  #inbound: Inbound | undefined;
  #closing: PendingClose | undefined;

  /**
   * Listens to a socket that is not open yet.
   *
   * @param socket the socket.
   * @param attach called once, when the socket opens.
   */
  constructor(socket: WebSocket, attach: (socket: Socket) => Inbound) {
    this.#socket = socket;
    this.#attach = attach;
    socket.binaryType = "arraybuffer";
    // One listener object for all events: four closures cost more memory than the rest of a connection's state.
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
      // The socket is closed: its `close` event reports it to the hub.
    }
  }

  close(code: number, reason: string): void {
    if (
      this.#closing !== undefined ||
      this.#socket.readyState === WebSocket.CLOSED
    ) return;
    const input = new ClosingInput();
    const timer = undefined;
    this.#closing = { code, reason, input, timer, hasReceived: false };
    this.#closeWhenQuiet(this.#closing);
  }

  #closeWhenQuiet(closing: PendingClose, checks = 0, quiet = 0): void {
    closing.hasReceived = false;
    closing.timer = setTimeout(() => {
      const checked = checks + 1;
      const quietFor = closing.hasReceived ? 0 : quiet + 1;
      if (quietFor < QUIET_CHECKS && checked < MAX_CHECKS) {
        this.#closeWhenQuiet(closing, checked, quietFor);
      } else this.#closeNow(closing);
    }, CHECK_MS);
  }

  /** Sends the close frame. From now on the runtime drops the connection when a message arrives. */
  #closeNow({ code, reason, timer }: PendingClose): void {
    clearTimeout(timer);
    try {
      this.#socket.close(code, reason);
    } catch {
      // The socket is closed.
    }
  }

  /** Drops a message that arrives after the hub has closed the connection. */
  #discard(closing: PendingClose, bytes: number): void {
    closing.hasReceived = true;
    // The timer of the check is late while messages arrive without a pause.
    if (closing.input.exceeds(bytes)) this.#closeNow(closing);
  }

  terminate(): boolean {
    // The runtime cannot drop a connection: docs/security.md.
    return false;
  }

  /** Handles an event of the socket. */
  handleEvent(event: Event): void {
    switch (event.type) {
      case "open":
        this.#inbound = this.#attach?.(this);
        this.#attach = undefined;
        return;
      case "message": {
        const { data } = event as MessageEvent<string | ArrayBuffer>;
        if (this.#closing !== undefined) {
          return this.#discard(
            this.#closing,
            typeof data === "string" ? data.length : data.byteLength,
          );
        }
        this.#inbound?.receive(
          typeof data === "string" ? data : new Uint8Array(data),
        );
        return;
      }
      case "close": {
        clearTimeout(this.#closing?.timer);
        const { code, reason } = event as CloseEvent;
        this.#inbound?.closed(code, reason);
        return;
      }
      case "error":
        // A `close` event follows, or the hub's heartbeat closes the connection.
        event.preventDefault();
    }
  }
}
