/** A WebSocket of a transport, as the hub uses it. `adapters/socket_deno.ts` implements it. */
export interface Socket {
  /**
   * Sends a WebSocket message: a string as text, bytes as binary. It must not throw; it has no effect unless the socket is
   * open.
   */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Starts the closing handshake. It must not throw. */
  close(code: number, reason: string): void;
  /**
   * Ends the connection without a closing handshake.
   *
   * @returns `false` if the transport cannot; then `hub.stats().closing` counts the connection until it ends.
   */
  terminate(): boolean;
  /**
   * Sends a WebSocket ping, and calls back when its pong arrives. A transport without this method detects idle plain peers
   * itself.
   */
  ping?(answered: () => void): void;
  /** The bytes that were passed to `send` and are still in the process. */
  readonly bufferedAmount: number;
  /** `true` while `send` has an effect. */
  readonly open: boolean;
}

/** The functions that a transport calls for a connection: `hub.transport.attach` returns them. */
export interface Inbound {
  /** Handles a WebSocket message. */
  receive(data: string | Uint8Array<ArrayBuffer>): void;
  /**
   * Counts a ping or a pong of WebSocket against the peer's rates. A transport that cannot see them does not call it.
   *
   * @param bytes the bytes of its payload.
   */
  control?(bytes: number): void;
  /** Handles the end of the connection. Only the first call has an effect. */
  closed(code: number, reason: string): void;
}

/** A connection, as the transport describes it. The fields are copies: the HTTP request cannot be read after the upgrade. */
export interface ConnectionInfo {
  /** The subprotocol that was selected; `""` for none, which is the plain dialect. */
  readonly protocol: string;
  /** The URL of the HTTP request. */
  readonly url: string;
  /** The client's address, without the port. */
  readonly address: string;
}

/** The headers of a handshake that `authorize` receives. */
export interface Handshake {
  /** The token of the subprotocol entry `drumbeat.token.<base64url>`. */
  readonly token?: string;
  /** The Cookie header. */
  readonly cookie?: string;
  /** The Authorization header. */
  readonly authorization?: string;
  /** The Origin header. Browsers set it to the page's origin; any other client can set it to any text. */
  readonly origin?: string;
  /** The User-Agent header. */
  readonly userAgent?: string;
  /** The subprotocols that the client offered, without the one that contains a token. */
  readonly protocols?: readonly string[];
}

/** The request of a connection, as a transport passes it to the hub. */
export interface ConnectionRequest extends ConnectionInfo {
  /**
   * The headers of the handshake, for `authorize`.
   *
   * @default none
   */
  readonly handshake?: Handshake | undefined;
}
