/**
 * A picture of the trace: the paper with its grid, the marks, the line and the pen.
 * @module
 */
import { timeOfDay } from "../feed/line.ts";

const PX_PER_MS = 0.024;
const PEN_PX = 28;
const MINOR_PX = 12;
const LABELS_PX = 18;

/** How long a stroke rings. */
export const RING_MS = 1_000;

/** A round trip that came back `at`, on the clock of `performance.now()`. */
export interface Beat {
  readonly at: number;
  readonly rttMs: number;
}

/** A message that came in. */
export interface Tick {
  readonly at: number;
  readonly own: boolean;
}

/** Colours, as a canvas takes them. */
export interface Ink {
  readonly minor: string;
  readonly major: string;
  readonly label: string;
  readonly pen: string;
  readonly own: string;
  readonly others: string;
}

/** One picture of the strip, at one time. */
export class Strip {
  readonly #context: CanvasRenderingContext2D;
  readonly #ink: Ink;
  readonly #width: number;
  readonly #height: number;
  readonly #now: number;
  readonly #base: number;

  constructor(
    context: CanvasRenderingContext2D,
    ink: Ink,
    width: number,
    height: number,
    now: number,
  ) {
    this.#context = context;
    this.#ink = ink;
    this.#width = width;
    this.#height = height;
    this.#now = now;
    this.#base = Math.round((height - LABELS_PX) * 0.56);
  }

  /** The grid: a line each half second, one with the time each five seconds, moving with the paper. */
  paper(epoch: number): void {
    const context = this.#context;
    const bottom = this.#height - LABELS_PX;
    for (const heavy of [false, true]) {
      context.beginPath();
      for (let y = this.#base % MINOR_PX; y < bottom; y += MINOR_PX) {
        if (!heavy) {
          horizontal(context, y, this.#width);
        }
      }
      const step = 500;
      const first = Math.ceil((this.#timeAt(0) + epoch) / step) * step;
      for (
        let time = first;
        time - epoch <= this.#timeAt(this.#width);
        time += step
      ) {
        if ((time % 5_000 === 0) === heavy) {
          vertical(context, this.#x(time - epoch), 0, bottom);
        }
      }
      context.strokeStyle = heavy ? this.#ink.major : this.#ink.minor;
      context.lineWidth = 1;
      context.stroke();
    }
    context.fillStyle = this.#ink.label;
    context.font = "11px ui-monospace, 'SF Mono', Menlo, Consolas, monospace";
    context.textBaseline = "bottom";
    const first = Math.floor((this.#timeAt(0) + epoch) / 5_000) * 5_000;
    for (let time = first; time - epoch <= this.#now; time += 5_000) {
      const label = timeOfDay(new Date(time));
      const x = this.#x(time - epoch);
      if (x + 56 < this.#width) {
        context.fillText(label, Math.round(x) + 4, this.#height - 2);
      }
    }
  }

  /** Messages, as marks along the lower edge. */
  ticks(ticks: readonly Tick[]): void {
    const bottom = this.#height - LABELS_PX - 3;
    for (const { at, own } of ticks) {
      const x = this.#x(at);
      if (x > -4) {
        this.#context.fillStyle = own ? this.#ink.own : this.#ink.others;
        this.#context.fillRect(Math.round(x) - 1, bottom - 9, 2, 9);
      }
    }
  }

  /** The pen's line over a time in which there was a connection. */
  line(
    from: number,
    to: number,
    beats: readonly Beat[],
  ): void {
    const context = this.#context;
    const start = Math.max(this.#x(from), -2);
    const end = this.#x(to);
    if (end < 0) {
      return;
    }
    context.beginPath();
    let next = 0;
    for (let x = start; x <= end; x += 0.5) {
      const time = this.#timeAt(x);
      while ((beats[next]?.at ?? Infinity) <= time) {
        next++;
      }
      context.lineTo(x, this.#y(time, beats[next - 1]));
    }
    context.strokeStyle = this.#ink.pen;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    context.stroke();
  }

  /** The pen itself: on the paper, or lifted. */
  pen(
    down: boolean,
    beats: readonly Beat[],
  ): void {
    const context = this.#context;
    const x = this.#x(this.#now);
    context.beginPath();
    context.arc(x, this.#y(this.#now, beats.at(-1)), 4, 0, 2 * Math.PI);
    context.lineWidth = 1.75;
    context.strokeStyle = this.#ink.pen;
    context.fillStyle = this.#ink.pen;
    if (down) {
      context.fill();
    } else {
      context.stroke();
    }
  }

  /** A skin that was struck: up at once, then ringing out. Taller is slower, by its logarithm. */
  #y(
    time: number,
    beat: Beat | undefined,
  ): number {
    const since = beat === undefined ? Infinity : time - beat.at;
    if (beat === undefined || since > RING_MS || since < 0) {
      return this.#base;
    }
    const loud = Math.min(1, 0.45 + Math.log10(1 + beat.rttMs) / 5.5);
    const ring = Math.exp(-since / 190) * Math.cos(since / 34);
    return this.#base - (this.#base - 6) * loud * ring;
  }

  #x(time: number): number {
    return this.#width - PEN_PX - (this.#now - time) * PX_PER_MS;
  }

  #timeAt(x: number): number {
    return this.#now - (this.#width - PEN_PX - x) / PX_PER_MS;
  }
}

/** On a pixel, not between two: a hairline stays one. */
function crisp(context: CanvasRenderingContext2D, at: number): number {
  const scale = context.getTransform().a;
  return (Math.round(at * scale) + 0.5) / scale;
}

function horizontal(
  context: CanvasRenderingContext2D,
  y: number,
  width: number,
): void {
  const at = crisp(context, y);
  context.moveTo(0, at);
  context.lineTo(width, at);
}

function vertical(
  context: CanvasRenderingContext2D,
  x: number,
  top: number,
  bottom: number,
): void {
  const at = crisp(context, x);
  context.moveTo(at, top);
  context.lineTo(at, bottom);
}
