import type { WebSocketConstructor } from "../../client.ts";
import { CloseCode } from "../../messages.ts";
import type { Inbound } from "../../hub/socket.ts";
import { type Data, NearSocket } from "../hub/socket_pair.ts";

/** What lies on a wire, on its way to one side. */
type Parcel =
  | { readonly kind: "open" }
  | { readonly kind: "data"; readonly data: Data }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** The network drops: no close frame. */
  | { readonly kind: "drop" };

/** The client's end of a {@linkcode Wire}: as much of a WebSocket as the client uses. */
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
  readonly #up: Parcel[];

  constructor(up: Parcel[]) {
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

/** One connection, parcel by parcel in a test's hand. Each side may go on without knowing that the other is gone. */
export class Wire {
  readonly up: Parcel[] = [{ kind: "open" }];
  readonly down: Parcel[] = [];
  readonly socket: MemorySocket = new MemorySocket(this.up);
  readonly #attach: (near: NearSocket) => Inbound;
  readonly #protocol: string;
  #near: NearSocket | undefined;
  #read = 0;

  /** @param attach takes the server's end in. */
  constructor(attach: (near: NearSocket) => Inbound, protocol: string) {
    this.#attach = attach;
    this.#protocol = protocol;
  }

  /** The session that the server gave it. */
  get session(): string {
    for (const data of this.#near?.sent ?? []) {
      if (typeof data === "string" && data.startsWith('{"type":"start"')) {
        return JSON.parse(data).session;
      }
    }
    return "";
  }

  /** Whether neither side will hear anything more. */
  get isOver(): boolean {
    return this.socket.readyState === 3 && this.up.length === 0;
  }

  /** The next parcel reaches the server. @returns whether there was one. */
  stepUp(): boolean {
    const parcel = this.up.shift();
    if (parcel === undefined) return false;
    switch (parcel.kind) {
      case "open": {
        const near = this.#near = new NearSocket();
        near.onSent = () => this.#collect();
        near.inbound = this.#attach(near);
        this.down.push({ kind: "open" });
        break;
      }
      case "data":
        if (this.#near?.open) this.#near.inbound?.receive(parcel.data);
        break;
      case "close":
        this.#near?.over(parcel.code, parcel.reason);
        break;
      case "drop":
        this.#near?.over(0, "");
    }
    return true;
  }

  /** The next parcel reaches the client. @returns whether there was one. */
  stepDown(): boolean {
    const parcel = this.down.shift();
    if (parcel === undefined) return false;
    const { socket } = this;
    if (socket.readyState === 3) return true;
    switch (parcel.kind) {
      case "open":
        if (socket.readyState !== 0) return true;
        socket.readyState = 1;
        socket.protocol = this.#protocol;
        socket.onopen?.();
        break;
      case "data": {
        const { data } = parcel;
        socket.onmessage?.({
          data: typeof data === "string" ? data : data.slice().buffer,
        });
        break;
      }
      case "close":
        this.#clientOver(parcel.code, parcel.reason, true);
        // The other half of the closing handshake.
        this.up.push(parcel);
        break;
      case "drop":
        this.#clientOver(CloseCode.abnormal, "", false);
    }
    return true;
  }

  /** The client finds that the network is gone. What it sent may still arrive; the server finds out after that. */
  loseClient(): void {
    this.down.length = 0;
    this.up.push({ kind: "drop" });
    this.#clientOver(CloseCode.abnormal, "", false);
  }

  /** The server finds that the network is gone. What it sent may still arrive; the client finds out after that. */
  loseServer(): void {
    this.up.length = 0;
    this.#near?.over(0, "");
    this.down.push({ kind: "drop" });
  }

  /** The server's process is gone: what it sent may still arrive. */
  crash(): void {
    this.up.length = 0;
    this.#near = undefined;
    this.down.push({ kind: "drop" });
  }

  #clientOver(code: number, reason: string, wasClean: boolean): void {
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
export class MemoryNet {
  /** Connections that are not over, oldest first. */
  wires: Wire[] = [];
  /** Takes the server's end of a connection in; may change, as a server does that starts again. */
  attach: (near: NearSocket, protocol: string) => Inbound;

  constructor(attach: (near: NearSocket, protocol: string) => Inbound) {
    this.attach = attach;
  }

  /** Makes connections of one client. @param made gets each of them. */
  socketFor(made: (wire: Wire) => void): WebSocketConstructor {
    const dial = (protocol: string): MemorySocket => {
      const wire = new Wire((near) => this.attach(near, protocol), protocol);
      this.wires.push(wire);
      made(wire);
      return wire.socket;
    };
    return class {
      constructor(_url: string, protocols?: string | string[]) {
        return dial([protocols ?? ""].flat()[0]!) as never;
      }
    } as unknown as WebSocketConstructor;
  }

  /** Forgets connections that are over. */
  tidy(): void {
    this.wires = this.wires.filter((wire) => !wire.isOver);
  }
}
