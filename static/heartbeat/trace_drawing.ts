/**
 * One drawing of the trace: the grid, the messages, the line and its end.
 * @module
 */
import { timeOfDay } from "../text_format.ts";

/** The speed of the chart. */
const PX_PER_MS = 0.024;
/** Distance of the line's end from the right edge. */
const END_PX = 28;
/** Distance of the horizontal grid lines. */
const ROW_PX = 12;
/** Height of the row with the times of day. */
const LABELS_PX = 18;
/** A label that is nearer to the right edge than this has no room. */
const LABEL_WIDTH_PX = 56;
/** Time between two vertical grid lines. */
const MINOR_MS = 500;
/** Time between two vertical grid lines with a label. */
const MAJOR_MS = 5_000;

/** Duration of a pulse. */
export const PULSE_MS = 1_000;

/** A round trip. */
export interface RoundTrip {
  /** When it ended, on the clock of `performance.now()`. */
  readonly at: number;
  readonly rttMs: number;
}

/** A received message. */
export interface MessageMark {
  /** When it was received, on the clock of `performance.now()`. */
  readonly at: number;
  /** True if this page sent it. */
  readonly own: boolean;
}

/** The colors of the trace, as CSS values. */
export interface TraceColors {
  readonly gridMinor: string;
  readonly gridMajor: string;
  readonly label: string;
  readonly line: string;
  readonly ownMessage: string;
  readonly otherMessage: string;
}

/** One drawing of the trace, at one time. All times are on the clock of `performance.now()`. */
export class TraceDrawing {
  readonly #context: CanvasRenderingContext2D;
  readonly #colors: TraceColors;
  readonly #width: number;
  readonly #height: number;
  readonly #now: number;
  readonly #baseline: number;

  /**
   * Prepares a drawing.
   *
   * @param context the context of a cleared canvas.
   * @param colors the colors.
   * @param width width in CSS pixels.
   * @param height height in CSS pixels.
   * @param now the time at the end of the line.
   */
  constructor(
    context: CanvasRenderingContext2D,
    colors: TraceColors,
    width: number,
    height: number,
    now: number,
  ) {
    this.#context = context;
    this.#colors = colors;
    this.#width = width;
    this.#height = height;
    this.#now = now;
    this.#baseline = Math.round((height - LABELS_PX) * 0.56);
  }

  /**
   * Draws the grid, which moves with the time: a line each half second, and one with the time of day each five seconds.
   *
   * @param epoch the time of day at 0 on the clock of `performance.now()`, ms since 1970.
   */
  grid(epoch: number): void {
    const context = this.#context;
    const bottom = this.#height - LABELS_PX;
    for (const major of [false, true]) {
      context.beginPath();
      if (!major) {
        for (let y = this.#baseline % ROW_PX; y < bottom; y += ROW_PX) {
          horizontalLine(context, y, this.#width);
        }
      }
      const first = Math.ceil((this.#timeAt(0) + epoch) / MINOR_MS) * MINOR_MS;
      for (
        let time = first;
        time - epoch <= this.#timeAt(this.#width);
        time += MINOR_MS
      ) {
        if ((time % MAJOR_MS === 0) === major) {
          verticalLine(context, this.#x(time - epoch), bottom);
        }
      }
      context.strokeStyle = major
        ? this.#colors.gridMajor
        : this.#colors.gridMinor;
      context.lineWidth = 1;
      context.stroke();
    }
    this.#labels(epoch);
  }

  #labels(epoch: number): void {
    const context = this.#context;
    context.fillStyle = this.#colors.label;
    context.font = "11px ui-monospace, 'SF Mono', Menlo, Consolas, monospace";
    context.textBaseline = "bottom";
    const first = Math.floor((this.#timeAt(0) + epoch) / MAJOR_MS) * MAJOR_MS;
    for (let time = first; time - epoch <= this.#now; time += MAJOR_MS) {
      const x = this.#x(time - epoch);
      if (x + LABEL_WIDTH_PX < this.#width) {
        const label = timeOfDay(new Date(time));
        context.fillText(label, Math.round(x) + 4, this.#height - 2);
      }
    }
  }

  /** Draws the received messages as marks along the lower edge. */
  messages(messages: readonly MessageMark[]): void {
    const bottom = this.#height - LABELS_PX - 3;
    for (const { at, own } of messages) {
      const x = this.#x(at);
      if (x > -4) {
        this.#context.fillStyle = own
          ? this.#colors.ownMessage
          : this.#colors.otherMessage;
        this.#context.fillRect(Math.round(x) - 1, bottom - 9, 2, 9);
      }
    }
  }

  /**
   * Draws the line over a period with an open connection.
   *
   * @param from when the connection opened.
   * @param to when it closed, or the end of the line.
   * @param roundTrips every round trip, oldest first.
   */
  line(
    from: number,
    to: number,
    roundTrips: readonly RoundTrip[],
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
      while ((roundTrips[next]?.at ?? Infinity) <= time) {
        next++;
      }
      context.lineTo(x, this.#y(time, roundTrips[next - 1]));
    }
    context.strokeStyle = this.#colors.line;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    context.stroke();
  }

  /** Draws the end of the line as a dot: filled while the connection is open, else a ring. */
  end(
    connected: boolean,
    roundTrips: readonly RoundTrip[],
  ): void {
    const context = this.#context;
    const y = this.#y(this.#now, roundTrips.at(-1));
    context.beginPath();
    context.arc(this.#x(this.#now), y, 4, 0, 2 * Math.PI);
    context.lineWidth = 1.75;
    context.strokeStyle = this.#colors.line;
    context.fillStyle = this.#colors.line;
    if (connected) {
      context.fill();
    } else {
      context.stroke();
    }
  }

  /** Returns the height of the line: a damped oscillation, whose amplitude grows with the logarithm of the duration. */
  #y(
    time: number,
    roundTrip: RoundTrip | undefined,
  ): number {
    const since = roundTrip === undefined ? Infinity : time - roundTrip.at;
    if (roundTrip === undefined || since > PULSE_MS || since < 0) {
      return this.#baseline;
    }
    const amplitude = Math.min(1, 0.45 + Math.log10(1 + roundTrip.rttMs) / 5.5);
    const oscillation = Math.exp(-since / 190) * Math.cos(since / 34);
    return this.#baseline - (this.#baseline - 6) * amplitude * oscillation;
  }

  #x(time: number): number {
    return this.#width - END_PX - (this.#now - time) * PX_PER_MS;
  }

  #timeAt(x: number): number {
    return this.#now - (this.#width - END_PX - x) / PX_PER_MS;
  }
}

/** Rounds to the middle of a device pixel: a thin line between two pixels would be blurred. */
function crisp(context: CanvasRenderingContext2D, at: number): number {
  const scale = context.getTransform().a;
  return (Math.round(at * scale) + 0.5) / scale;
}

function horizontalLine(
  context: CanvasRenderingContext2D,
  y: number,
  width: number,
): void {
  const at = crisp(context, y);
  context.moveTo(0, at);
  context.lineTo(width, at);
}

function verticalLine(
  context: CanvasRenderingContext2D,
  x: number,
  height: number,
): void {
  const at = crisp(context, x);
  context.moveTo(at, 0);
  context.lineTo(at, height);
}
