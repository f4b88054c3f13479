/** What a transport gives the hub for each connection. `adapters/socket_deno.ts` is one. */
export interface Socket {
  /**
   * Sends one WebSocket message: a string as text, bytes as binary. Must not throw; on a socket that is not open it does
   * nothing.
   */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Starts the closing handshake. Must not throw. */
  close(code: number, reason: string): void;
  /** Drops the connection at once. `false`: this transport cannot, and the hub counts a zombie. */
  terminate(): boolean;
  /**
   * Asks for a sign of life, below what the peer's program sees, and calls back when it comes. A transport that has no
   * such method watches over silent plain peers by itself.
   */
  ping?(answered: () => void): void;
  /** Bytes given to `send` that have not left the process. */
  readonly bufferedAmount: number;
  /** Whether `send` has any effect. */
  readonly open: boolean;
}

/** What the transport calls: the answer of `hub.attach`. */
export interface Inbound {
  /** One WebSocket message came in. */
  receive(data: string | Uint8Array<ArrayBuffer>): void;
  /** The connection is gone. Any number of calls, in any order: the first one counts. */
  closed(code: number, reason: string): void;
}

/** What the transport knows of who connected. The request itself is dead after the upgrade: these are copies. */
export interface ConnectionInfo {
  /** The subprotocol that was agreed on; `""`: none, the plain dialect. */
  readonly protocol: string;
  /** The URL of the request. */
  readonly url: string;
  /** The other side's address, without the port. */
  readonly address: string;
}

/** What a request says of who connects. */
export interface Handshake {
  /** The token of the subprotocol entry `drumbeat.token.<base64url>`. */
  readonly token?: string;
  /** The Cookie header. */
  readonly cookie?: string;
  /** The Authorization header. */
  readonly authorization?: string;
  /** The Origin header: a browser says which page it is, and a program what it likes. */
  readonly origin?: string;
  /** The User-Agent header. */
  readonly userAgent?: string;
  /** The subprotocols that were offered, without one that holds a token. */
  readonly protocols?: readonly string[];
}

/** A connection as a transport brings it to the hub. */
export interface ConnectionRequest extends ConnectionInfo {
  /** The headers of the handshake, for `authorize`. Default: none. */
  readonly handshake?: Handshake | undefined;
}
