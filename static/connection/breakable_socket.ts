/**
 * A wire that can be cut: the page's button makes a connection vanish as a dead network does, without a goodbye.
 * @module
 */

/** What a lost network looks like to a page. */
const ABNORMAL = 1006;
/** What the server is told, so that it does not have to wait for its heartbeat: "come back" in the application's range. */
const CUT = 4000;

const live = new Set<Wire>();
let cut = false;

/** The platform's WebSocket, but one that {@linkcode cutWire} can break. */
export class Wire extends WebSocket {
  /**
   * @param url as for `WebSocket`.
   * @param protocols as for `WebSocket`.
   */
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    live.add(this);
    this.addEventListener("close", () => live.delete(this));
    // The standard ends an attempt that is closed this early with `error` and 1006: what no network looks like.
    if (cut) {
      this.close();
    }
  }

  /** Ends this connection as if the network had gone. */
  break(): void {
    // The page hears of it now; the real `close` event comes later and is nobody's any more.
    this.dispatchEvent(
      new CloseEvent("close", { code: ABNORMAL, wasClean: false }),
    );
    this.close(CUT, "wire cut");
  }
}

/** Breaks every connection, and every attempt until {@linkcode mendWire}. */
export function cutWire(): void {
  cut = true;
  for (const wire of [...live]) {
    wire.break();
  }
}

/** Lets connections through again. */
export function mendWire(): void {
  cut = false;
}

/** Whether the wire is cut. */
export function isCut(): boolean {
  return cut;
}
