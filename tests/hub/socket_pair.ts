import type { Inbound, Socket } from "../../hub/socket.ts";

/** The data of a WebSocket message. */
export type Data = string | Uint8Array<ArrayBuffer>;

/** A close frame. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** The hub's end of a connection in memory: data arrives at the far end within the call. */
export class NearSocket implements Socket {
  /** The data that was sent, in order: the same objects. */
  readonly sent: Data[] = [];
  /** The arguments of each call of `close`. */
  readonly closes: Close[] = [];
  /** The number of calls of `terminate`. */
  terminations = 0;
  /** The bytes that the transport buffers. A test sets it. */
  bufferedAmount = 0;
  /** Absent for a transport that cannot ping. A test sets it. */
  ping?: (answered: () => void) => void;
  /** Called after each sent frame. */
  onSent: (() => void) | undefined;
  inbound: Inbound | undefined;
  #open = true;

  get open(): boolean {
    return this.#open;
  }

  send(data: Data): void {
    if (!this.#open) return;
    this.sent.push(data);
    this.onSent?.();
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
    this.#open = false;
    this.onSent?.();
  }

  terminate(): boolean {
    this.terminations++;
    this.#open = false;
    return true;
  }

  /** Reports the end of the connection. */
  over(code: number, reason: string): void {
    this.#open = false;
    this.inbound?.closed(code, reason);
  }
}

/** The client's end of a connection in memory. */
export class FarSocket {
  readonly near: NearSocket;

  constructor(near: NearSocket) {
    this.near = near;
  }

  /** The data that arrived, in order. */
  get received(): readonly Data[] {
    return this.near.sent;
  }

  /** The close frame that arrived; `undefined` without one. */
  get closed(): Close | undefined {
    return this.near.closes[0];
  }

  send(data: Data): void {
    this.near.inbound?.receive(data);
  }

  /** Answers the closing handshake, or starts it. */
  close(code: number, reason = ""): void {
    this.near.over(code, reason);
  }

  /** Drops the connection, as Deno reports it. */
  drop(): void {
    this.near.over(0, "");
  }
}

/**
 * Creates the two ends of a connection in memory.
 *
 * @param attach attaches the near end, as `hub.transport.attach` does.
 */
export function socketPair(attach: (near: NearSocket) => Inbound): FarSocket {
  const near = new NearSocket();
  near.inbound = attach(near);
  return new FarSocket(near);
}
