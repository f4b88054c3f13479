import type { Inbound, Socket } from "../../hub/socket.ts";

/** What goes through a WebSocket. */
export type Data = string | Uint8Array<ArrayBuffer>;

/** A close frame. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** The hub's end of a connection in memory: what is sent is at the far end at once. */
export class NearSocket implements Socket {
  /** What was sent, in order: the very objects. */
  readonly sent: Data[] = [];
  /** How often `close` was called, and with what. */
  readonly closes: Close[] = [];
  /** How often `terminate` was called. */
  terminations = 0;
  /** What the transport says it holds back. A test sets it. */
  bufferedAmount = 0;
  /** Absent, as on a transport that cannot ping. A test sets it. */
  ping?: (answered: () => void) => void;
  /** Runs after each frame that was sent. */
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

  /** The transport finds that the connection is over. */
  over(code: number, reason: string): void {
    this.#open = false;
    this.inbound?.closed(code, reason);
  }
}

/** The other side's end of a connection in memory. */
export class FarSocket {
  readonly near: NearSocket;

  constructor(near: NearSocket) {
    this.near = near;
  }

  /** What arrived, in order. */
  get received(): readonly Data[] {
    return this.near.sent;
  }

  /** The close frame that came, if one did. */
  get closed(): Close | undefined {
    return this.near.closes[0];
  }

  send(data: Data): void {
    this.near.inbound?.receive(data);
  }

  /** Takes part in the closing handshake, or starts it. */
  close(code: number, reason = ""): void {
    this.near.over(code, reason);
  }

  /** The network drops, as Deno reports it. */
  drop(): void {
    this.near.over(0, "");
  }
}

/**
 * Two ends of a connection in memory.
 *
 * @param attach takes the near end in, as `hub.attach` does.
 */
export function socketPair(attach: (near: NearSocket) => Inbound): FarSocket {
  const near = new NearSocket();
  near.inbound = attach(near);
  return new FarSocket(near);
}
