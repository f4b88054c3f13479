import type { WebSocketConstructor } from "../../client.ts";
import { CloseCode } from "../../messages.ts";
import type { Inbound } from "../../hub/socket.ts";
import { type Data, NearSocket } from "../hub/socket_pair.ts";

/** An event on its way to one side of a connection. */
type Packet =
  | { readonly kind: "open" }
  | { readonly kind: "data"; readonly data: Data }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** The connection ended without a close frame. */
  | { readonly kind: "drop" };

/** The client's socket of a {@linkcode MemoryConnection}: the members of WebSocket that the client uses. */
class MemorySocket {
  readonly extensions = "";
  readonly bufferedAmount = 0;
  binaryType = "arraybuffer";
  readyState = 0;
  protocol = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose:
    | ((
      event: { code: number; reason: string; wasClean: boolean },
    ) => void)
    | null = null;
  readonly #up: Packet[];

  constructor(up: Packet[]) {
    this.#up = up;
  }

  send(data: Data): void {
    if (this.readyState !== 1) return;
    const own = typeof data === "string" ? data : data.slice();
    this.#up.push({ kind: "data", data: own });
  }

  close(code = 1005, reason = ""): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.#up.push({ kind: "close", code, reason });
  }
}

/** A connection whose packets a test delivers one by one. Either side may end before the other one notices. */
export class MemoryConnection {
  readonly up: Packet[] = [{ kind: "open" }];
  readonly down: Packet[] = [];
  readonly socket: MemorySocket = new MemorySocket(this.up);
  readonly #attach: (near: NearSocket) => Inbound;
  readonly #protocol: string;
  #near: NearSocket | undefined;
  #read = 0;

  /** @param attach attaches the server's socket to the hub. */
  constructor(attach: (near: NearSocket) => Inbound, protocol: string) {
    this.#attach = attach;
    this.#protocol = protocol;
  }

  /** The session of the hub's `start` frame. */
  get session(): string {
    for (const data of this.#near?.sent ?? []) {
      if (typeof data === "string" && data.startsWith('{"type":"start"')) {
        return JSON.parse(data).session;
      }
    }
    return "";
  }

  /** True when no packet can reach either side any more. */
  get isClosed(): boolean {
    return this.socket.readyState === 3 && this.up.length === 0;
  }

  /** Delivers the next packet to the server. @returns `false` when there is none. */
  deliverUp(): boolean {
    const packet = this.up.shift();
    if (packet === undefined) return false;
    switch (packet.kind) {
      case "open": {
        const near = this.#near = new NearSocket();
        near.onSent = () => this.#collect();
        near.inbound = this.#attach(near);
        this.down.push({ kind: "open" });
        break;
      }
      case "data":
        if (this.#near?.open) this.#near.inbound?.receive(packet.data);
        break;
      case "close":
        this.#near?.over(packet.code, packet.reason);
        break;
      case "drop":
        this.#near?.over(0, "");
    }
    return true;
  }

  /** Delivers the next packet to the client. @returns `false` when there is none. */
  deliverDown(): boolean {
    const packet = this.down.shift();
    if (packet === undefined) return false;
    const { socket } = this;
    if (socket.readyState === 3) return true;
    switch (packet.kind) {
      case "open":
        if (socket.readyState !== 0) return true;
        socket.readyState = 1;
        socket.protocol = this.#protocol;
        socket.onopen?.();
        break;
      case "data": {
        const { data } = packet;
        socket.onmessage?.({
          data: typeof data === "string" ? data : data.slice().buffer,
        });
        break;
      }
      case "close":
        this.#closeClient(packet.code, packet.reason, true);
        // The other half of the closing handshake.
        this.up.push(packet);
        break;
      case "drop":
        this.#closeClient(CloseCode.abnormal, "", false);
    }
    return true;
  }

  /** Ends the connection at the client. Packets to the server may still arrive; after them the server notices the end. */
  dropAtClient(): void {
    this.down.length = 0;
    this.up.push({ kind: "drop" });
    this.#closeClient(CloseCode.abnormal, "", false);
  }

  /** Ends the connection at the server. Packets to the client may still arrive; after them the client notices the end. */
  dropAtServer(): void {
    this.up.length = 0;
    this.#near?.over(0, "");
    this.down.push({ kind: "drop" });
  }

  /** Ends the connection with the server's process. Packets to the client may still arrive. */
  crashServer(): void {
    this.up.length = 0;
    this.#near = undefined;
    this.down.push({ kind: "drop" });
  }

  #closeClient(code: number, reason: string, wasClean: boolean): void {
    if (this.socket.readyState === 3) return;
    this.socket.readyState = 3;
    this.socket.onclose?.({ code, reason, wasClean });
  }

  #collect(): void {
    const near = this.#near;
    if (near === undefined) return;
    for (const data of near.sent.slice(this.#read)) {
      this.down.push({ kind: "data", data });
    }
    this.#read = near.sent.length;
    const close = near.closes[0];
    if (close !== undefined && !near.open) {
      this.down.push({ kind: "close", ...close });
      near.onSent = undefined;
    }
  }
}

/** The network between a hub and its clients. */
export class MemoryNetwork {
  /** The open connections, oldest first. */
  connections: MemoryConnection[] = [];
  /** Attaches the server's socket of a new connection to the hub. */
  readonly attach: (near: NearSocket, protocol: string) => Inbound;

  constructor(attach: (near: NearSocket, protocol: string) => Inbound) {
    this.attach = attach;
  }

  /** Creates a client's WebSocket constructor. @param onConnect called with each connection that the client opens. */
  socketFor(
    onConnect: (connection: MemoryConnection) => void,
  ): WebSocketConstructor {
    const dial = (protocol: string): MemorySocket => {
      const connection = new MemoryConnection(
        (near) => this.attach(near, protocol),
        protocol,
      );
      this.connections.push(connection);
      onConnect(connection);
      return connection.socket;
    };
    return class {
      constructor(_url: string, protocols?: string | string[]) {
        return dial([protocols ?? ""].flat()[0]!) as never;
      }
    } as unknown as WebSocketConstructor;
  }

  /** Removes closed connections. */
  removeClosed(): void {
    this.connections = this.connections.filter(({ isClosed }) => !isClosed);
  }
}
