/**
 * A WebSocket that the page can break on purpose: the client then sees what a network failure looks like.
 * @module
 */
import { CloseCode } from "../../messages.ts";

const open = new Set<BreakableSocket>();
let broken = false;

/** The platform's WebSocket, which {@linkcode breakConnections} can break. */
export class BreakableSocket extends WebSocket {
  /**
   * Starts to connect.
   *
   * @param url as for `WebSocket`.
   * @param protocols as for `WebSocket`.
   */
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    open.add(this);
    this.addEventListener("close", () => open.delete(this));
    // A socket that is closed while it connects fires `error` and `close` with 1006, as an unreachable server does.
    if (broken) {
      this.close();
    }
  }

  /** Ends this connection with 1006, as a network failure does. */
  break(): void {
    // The client gets its `close` event now, and then drops the socket: it ignores the real event, which comes later.
    this.dispatchEvent(
      new CloseEvent("close", { code: CloseCode.abnormal, wasClean: false }),
    );
    // The close frame spares the server the wait for its heartbeat timeout; the session continues.
    this.close(CloseCode.replaced, "Disconnected by the page");
  }
}

/** Breaks every connection, and every attempt to connect until {@linkcode allowConnections}. */
export function breakConnections(): void {
  broken = true;
  for (const socket of [...open]) {
    socket.break();
  }
}

/** Allows connections again. */
export function allowConnections(): void {
  broken = false;
}

/** Returns true between {@linkcode breakConnections} and {@linkcode allowConnections}. */
export function isBroken(): boolean {
  return broken;
}
