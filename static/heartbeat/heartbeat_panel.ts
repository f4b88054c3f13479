/**
 * Makes the heartbeat visible: the trace, its figures, and a mark that beats.
 * @module
 */
import type { Client } from "../../client.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { roundTrip } from "../connection/status_text.ts";
import { Trace } from "./trace.ts";

/** Livelier than the ten seconds that a connection needs: somebody is looking. */
const BEAT_MS = 2_000;

/** The heart of the page. */
export class Heart {
  readonly #client: Client<StockMessages>;
  readonly #canvas = byId("trace", HTMLCanvasElement);
  readonly #trace = new Trace(this.#canvas);
  readonly #last = byId("figure-last", HTMLElement);
  readonly #median = byId("figure-median", HTMLElement);
  readonly #slowest = byId("figure-slowest", HTMLElement);
  readonly #ring = document.querySelector("#mark .ring");
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param client whose heart it is. */
  constructor(client: Client<StockMessages>) {
    this.#client = client;
    client.addEventListener("heartbeat", ({ rttMs }) => this.#beat(rttMs));
    setInterval(() => this.#ping(), BEAT_MS);
  }

  /**
   * The connection came or went.
   *
   * @param connected whether it is there.
   */
  connection(connected: boolean): void {
    this.#trace.connection(connected);
    if (connected) {
      this.#ping();
    }
  }

  /**
   * A message came in.
   *
   * @param own whether it is one's own.
   */
  message(own: boolean): void {
    this.#trace.message(own);
  }

  #ping(): void {
    // Nobody looks at a hidden tab: there the client's own heartbeat is enough.
    if (
      document.visibilityState === "visible" && this.#client.state === "open"
    ) {
      this.#client.send('{"type":"ping"}');
    }
  }

  #beat(rttMs: number): void {
    this.#trace.beat(rttMs);
    const { figures } = this.#trace;
    if (figures !== undefined) {
      const [last, median, slowest] = [
        roundTrip(figures.lastMs),
        roundTrip(figures.medianMs),
        roundTrip(figures.slowestMs),
      ];
      setText(this.#last, last);
      setText(this.#median, median);
      setText(this.#slowest, slowest);
      this.#canvas.ariaLabel =
        `The last round trip took ${last}, the median is ${median}, the slowest ${slowest}`;
    }
    if (!this.#still.matches) {
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
