/**
 * The heartbeat as a drum sees it: paper runs under a pen, each round trip is a stroke that rings out, a cut wire is a
 * hole in the line.
 * @module
 */
import {
  type Beat,
  type Ink,
  RING_MS,
  Strip,
  type Tick,
} from "./trace_drawing.ts";

/** More than the widest screen shows. */
const KEPT_MS = 180_000;
/** Redrawn this often at most: the paper moves less than a pixel in that time. */
const FRAME_MS = 33;

/** The figures beside the trace. */
export interface Figures {
  readonly count: number;
  readonly lastMs: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

/** A strip of paper on a canvas. */
export class Trace {
  readonly #canvas: HTMLCanvasElement;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #ink: Ink | undefined;
  #beats: Beat[] = [];
  #ticks: Tick[] = [];
  /** Since when the pen is down, and up, and down, …; the last one may still run. */
  #online: { readonly from: number; to: number }[] = [];
  #connected = false;
  #frame = 0;
  #drawnAt = 0;

  /** @param canvas where to draw; its size comes from the style sheet. */
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
        this.#ink = undefined;
        this.#draw(performance.now());
      });
    }
    this.#still.addEventListener("change", () => this.#run());
    this.#run();
  }

  /**
   * A round trip came back.
   *
   * @param rttMs how long it took.
   */
  beat(rttMs: number): void {
    this.#beats.push({ at: performance.now(), rttMs });
    this.#changed();
  }

  /**
   * A message came in.
   *
   * @param own whether this page sent it.
   */
  message(own: boolean): void {
    const at = performance.now();
    const last = this.#ticks.at(-1);
    // A flood is one mark per pixel, not one per message.
    if (last === undefined || at - last.at > 60 || own && !last.own) {
      this.#ticks.push({ at, own });
      this.#changed();
    }
  }

  /**
   * The connection came or went.
   *
   * @param connected whether it is there.
   */
  connection(connected: boolean): void {
    if (connected === this.#connected) {
      return;
    }
    this.#connected = connected;
    const now = performance.now();
    const last = this.#online.at(-1);
    if (connected) {
      this.#online.push({ from: now, to: Infinity });
    } else if (last !== undefined) {
      last.to = now;
    }
    this.#changed();
  }

  /** The figures of what is kept, or undefined before the first beat. */
  get figures(): Figures | undefined {
    const last = this.#beats.at(-1);
    if (last === undefined) {
      return undefined;
    }
    const sorted = this.#beats.map(({ rttMs }) => rttMs).sort((a, b) => a - b);
    return {
      count: sorted.length,
      lastMs: last.rttMs,
      medianMs: sorted[(sorted.length - 1) >> 1] ?? last.rttMs,
      slowestMs: sorted.at(-1) ?? last.rttMs,
    };
  }

  #run(): void {
    cancelAnimationFrame(this.#frame);
    const step = (now: number): void => {
      if (this.#still.matches) {
        return;
      }
      if (now - this.#drawnAt >= FRAME_MS) {
        this.#draw(now);
      }
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #changed(): void {
    const oldest = performance.now() - KEPT_MS;
    this.#beats = this.#beats.filter(({ at }) => at > oldest);
    this.#ticks = this.#ticks.filter(({ at }) => at > oldest);
    this.#online = this.#online.filter(({ to }) => to > oldest);
    if (this.#still.matches) {
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
    const pixels = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) {
      [canvas.width = 0, canvas.height = 0] = pixels;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    // Where nothing moves, a stroke is shown with its ring at once: the next picture may be seconds away.
    const penAt = this.#still.matches ? now + RING_MS : now;
    const strip = new Strip(context, this.#colours(), width, height, penAt);
    strip.paper(Date.now() - performance.now());
    strip.ticks(this.#ticks);
    for (const { from, to } of this.#online) {
      strip.line(from, Math.min(to, penAt), this.#beats);
    }
    strip.pen(this.#connected, this.#beats);
  }

  #colours(): Ink {
    if (this.#ink === undefined) {
      const style = getComputedStyle(this.#canvas);
      const colour = (name: string): string =>
        style.getPropertyValue(`--trace-${name}`).trim();
      this.#ink = {
        minor: colour("minor"),
        major: colour("major"),
        label: colour("label"),
        pen: colour("pen"),
        own: colour("own"),
        others: colour("others"),
      };
    }
    return this.#ink;
  }
}
