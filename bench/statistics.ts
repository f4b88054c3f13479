/**
 * Computes the median; for an even number of values, the mean of the two in the middle.
 *
 * @param values at least one, in any order.
 * @throws {RangeError} for an empty list.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("Cannot compute a median: no values");
  }
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Computes the median over the rounds of the first value divided by the second one. Each round is compared with itself, so
 * a slow period of the machine affects both values.
 *
 * @param ours values by round.
 * @param theirs the same number of values by round.
 * @throws {RangeError} when the numbers differ, or are 0.
 */
export function ratio(
  ours: readonly number[],
  theirs: readonly number[],
): number {
  if (ours.length !== theirs.length) {
    throw new RangeError(
      `${ours.length} rounds cannot be compared with ${theirs.length}`,
    );
  }
  return median(ours.map((value, round) => value / theirs[round]!));
}

/** A straight line through points. */
export interface Line {
  /** Its value at 0. */
  readonly base: number;
  /** The slope. */
  readonly slope: number;
  /** The largest deviation of a point in y; relative to y for a relative fit. */
  readonly off: number;
}

/** Options of {@linkcode fitLine}. */
export interface FitOptions {
  /** True for deviations relative to y: otherwise large values dominate. Default: `false`. */
  readonly byShare?: boolean;
}

/**
 * Fits a straight line by least squares.
 *
 * @param points pairs of x and y, with at least two different x.
 * @param options see {@linkcode FitOptions}.
 * @throws {RangeError} without two different x.
 */
export function fitLine(
  points: readonly (readonly [x: number, y: number])[],
  { byShare = false }: FitOptions = {},
): Line {
  if (new Set(points.map(([x]) => x)).size < 2) {
    throw new RangeError("Cannot fit a line: fewer than two different x");
  }
  const weigh = (y: number) => byShare ? 1 / (y * y) : 1;
  let all = 0, sumX = 0, sumY = 0;
  for (const [x, y] of points) {
    const weight = weigh(y);
    all += weight;
    sumX += weight * x;
    sumY += weight * y;
  }
  const middleX = sumX / all, middleY = sumY / all;
  let up = 0, across = 0;
  for (const [x, y] of points) {
    up += weigh(y) * (x - middleX) * (y - middleY);
    across += weigh(y) * (x - middleX) ** 2;
  }
  const slope = up / across;
  const base = middleY - slope * middleX;
  const off = Math.max(...points.map(([x, y]) => {
    const distance = Math.abs(y - base - slope * x);
    return byShare ? distance / y : distance;
  }));
  return { base, slope, off };
}
