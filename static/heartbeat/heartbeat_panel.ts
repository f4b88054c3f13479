/**
 * The heartbeat panel: the trace, its numbers, and the logo that pulses with each round trip.
 * @module
 */
import type { Client } from "../../client.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { roundTrip } from "../text_format.ts";
import { Trace } from "./trace.ts";

/** The page pings more often than the client's own heartbeat, so that the trace shows regular pulses. */
const PING_INTERVAL_MS = 2_000;

/** The heartbeat panel. */
export class HeartbeatPanel {
  readonly #client: Client<StockMessages>;
  readonly #canvas = byId("trace", HTMLCanvasElement);
  readonly #trace = new Trace(this.#canvas);
  readonly #last = byId("rtt-last", HTMLElement);
  readonly #median = byId("rtt-median", HTMLElement);
  readonly #slowest = byId("rtt-slowest", HTMLElement);
  readonly #ring = document.querySelector("#logo .ring");
  readonly #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param client the client whose round trips it shows. */
  constructor(client: Client<StockMessages>) {
    this.#client = client;
    client.addEventListener("heartbeat", ({ rttMs }) => this.#add(rttMs));
    setInterval(() => this.#ping(), PING_INTERVAL_MS);
  }

  /**
   * Shows whether the client is connected.
   *
   * @param connected true while the connection is open.
   */
  setConnected(connected: boolean): void {
    this.#trace.setConnected(connected);
  }

  /**
   * Marks a received message.
   *
   * @param own true if this page sent it.
   */
  addMessage(own: boolean): void {
    this.#trace.addMessage(own);
  }

  #ping(): void {
    // In a hidden tab the trace is not visible, and the client's own heartbeat is enough.
    if (
      document.visibilityState === "visible" && this.#client.state === "open"
    ) {
      this.#client.send('{"type":"ping"}');
    }
  }

  #add(rttMs: number): void {
    this.#trace.addRoundTrip(rttMs);
    const { summary } = this.#trace;
    if (summary !== undefined) {
      const last = roundTrip(summary.lastMs);
      const median = roundTrip(summary.medianMs);
      const slowest = roundTrip(summary.slowestMs);
      setText(this.#last, last);
      setText(this.#median, median);
      setText(this.#slowest, slowest);
      this.#canvas.ariaLabel =
        `Heartbeat: last round trip ${last}, median ${median}, slowest ${slowest}`;
    }
    if (!this.#reducedMotion.matches) {
      this.#ring?.animate(
        [
          { transform: "scale(1)", opacity: 1 },
          { transform: "scale(1.35)", opacity: 0, offset: 0.7 },
          { transform: "scale(1)", opacity: 0, offset: 0.71 },
          { transform: "scale(1)", opacity: 1 },
        ],
        { duration: 900, easing: "ease-out" },
      );
    }
  }
}
