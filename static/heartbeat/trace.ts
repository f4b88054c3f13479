/**
 * The trace of the heartbeat: a chart that scrolls with the time. Each round trip is a damped pulse, each message a mark,
 * and the line has a hole while the connection is closed.
 * @module
 */
import {
  type MessageMark,
  PULSE_MS,
  type RoundTrip,
  type TraceColors,
  TraceDrawing,
} from "./trace_drawing.ts";

/** Age limit of the kept round trips and messages: longer than the widest screen shows. */
const KEPT_MS = 180_000;
/** Minimum time between two drawings: the chart moves less than a pixel in that time. */
const FRAME_MS = 33;
/** Minimum time between two marks: at a high rate, one mark per pixel is enough. */
const MARK_MS = 60;

/** The round trips of the last {@linkcode KEPT_MS} ms. */
export interface RoundTripSummary {
  readonly lastMs: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

/** The trace on its canvas. */
export class Trace {
  readonly #canvas: HTMLCanvasElement;
  readonly #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  #colors: TraceColors | undefined;
  #roundTrips: RoundTrip[] = [];
  #messages: MessageMark[] = [];
  /** The periods with an open connection, on the clock of `performance.now()`. The last one may have no end yet. */
  #periods: { readonly from: number; to: number }[] = [];
  #connected = false;
  #frame = 0;
  #drawnAt = 0;

  /** @param canvas the canvas; its size comes from the style sheet. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw(performance.now())).observe(canvas);
    for (
      const query of [
        "(prefers-color-scheme: dark)",
        "(forced-colors: active)",
      ]
    ) {
      matchMedia(query).addEventListener("change", () => {
        this.#colors = undefined;
        this.#draw(performance.now());
      });
    }
    this.#reducedMotion.addEventListener("change", () => this.#animate());
    this.#animate();
  }

  /**
   * Adds a round trip that ended now.
   *
   * @param rttMs its duration in ms.
   */
  addRoundTrip(rttMs: number): void {
    this.#roundTrips.push({ at: performance.now(), rttMs });
    this.#update();
  }

  /**
   * Adds a message that was received now.
   *
   * @param own true if this page sent it.
   */
  addMessage(own: boolean): void {
    const at = performance.now();
    const last = this.#messages.at(-1);
    if (last === undefined || at - last.at > MARK_MS || own && !last.own) {
      this.#messages.push({ at, own });
      this.#update();
    }
  }

  /**
   * Starts or ends a period with an open connection.
   *
   * @param connected true while the connection is open.
   */
  setConnected(connected: boolean): void {
    if (connected === this.#connected) {
      return;
    }
    this.#connected = connected;
    const now = performance.now();
    const last = this.#periods.at(-1);
    if (connected) {
      this.#periods.push({ from: now, to: Infinity });
    } else if (last !== undefined) {
      last.to = now;
    }
    this.#update();
  }

  /** The summary of the kept round trips, or undefined before the first one. */
  get summary(): RoundTripSummary | undefined {
    const last = this.#roundTrips.at(-1);
    if (last === undefined) {
      return undefined;
    }
    const sorted = this.#roundTrips.map(({ rttMs }) => rttMs)
      .sort((a, b) => a - b);
    return {
      lastMs: last.rttMs,
      medianMs: sorted[(sorted.length - 1) >> 1] ?? last.rttMs,
      slowestMs: sorted.at(-1) ?? last.rttMs,
    };
  }

  #animate(): void {
    cancelAnimationFrame(this.#frame);
    const step = (now: number): void => {
      if (this.#reducedMotion.matches) {
        return;
      }
      if (now - this.#drawnAt >= FRAME_MS) {
        this.#draw(now);
      }
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #update(): void {
    const oldest = performance.now() - KEPT_MS;
    this.#roundTrips = this.#roundTrips.filter(({ at }) => at > oldest);
    this.#messages = this.#messages.filter(({ at }) => at > oldest);
    this.#periods = this.#periods.filter(({ to }) => to > oldest);
    if (this.#reducedMotion.matches) {
      this.#draw(performance.now());
    }
  }

  #draw(now: number): void {
    this.#drawnAt = now;
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const context = canvas.getContext("2d");
    if (context === null || width === 0) {
      return;
    }
    const scale = globalThis.devicePixelRatio || 1;
    const [pixelWidth, pixelHeight] = [
      Math.round(width * scale),
      Math.round(height * scale),
    ];
    if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    // With reduced motion the next drawing may be seconds away, so the whole pulse is drawn at once.
    const until = this.#reducedMotion.matches ? now + PULSE_MS : now;
    const drawing = new TraceDrawing(
      context,
      this.#currentColors(),
      width,
      height,
      until,
    );
    drawing.grid(Date.now() - performance.now());
    drawing.messages(this.#messages);
    for (const { from, to } of this.#periods) {
      drawing.line(from, Math.min(to, until), this.#roundTrips);
    }
    drawing.end(this.#connected, this.#roundTrips);
  }

  /** Returns the colors of the style sheet. */
  #currentColors(): TraceColors {
    if (this.#colors === undefined) {
      const style = getComputedStyle(this.#canvas);
      const color = (name: string): string =>
        style.getPropertyValue(`--trace-${name}`).trim();
      this.#colors = {
        gridMinor: color("grid-minor"),
        gridMajor: color("grid-major"),
        label: color("label"),
        line: color("line"),
        ownMessage: color("own-message"),
        otherMessage: color("other-message"),
      };
    }
    return this.#colors;
  }
}
