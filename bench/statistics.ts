/**
 * The middle value; of an even number of them, the mean of the two in the middle.
 *
 * @param values at least one, in any order.
 * @throws {RangeError} when there is none.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("There is no median of nothing");
  }
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How many times the second's value the first's is: the median of what the rounds say one by one. What ran side by side
 * is compared, so that a machine that is slow for a while is slow for both.
 *
 * @param ours values by round.
 * @param theirs values by round, as many.
 * @throws {RangeError} when there are not as many of both, or none.
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
  /** What it grows by for each one of x. */
  readonly slope: number;
  /** How far the point that is farthest from it is from it, in y; as a share of y where the fit was by shares. */
  readonly off: number;
}

/** Options of {@linkcode fitLine}. */
export interface FitOptions {
  /** Whether distances count as shares of y: else points with large values are all that counts. Default: `false`. */
  readonly byShare?: boolean;
}

/**
 * The straight line with the least sum of squared distances.
 *
 * @param points pairs of x and y, with at least two different x.
 * @param options see {@linkcode FitOptions}.
 * @throws {RangeError} when there are no two different x.
 */
export function fitLine(
  points: readonly (readonly [x: number, y: number])[],
  { byShare = false }: FitOptions = {},
): Line {
  if (new Set(points.map(([x]) => x)).size < 2) {
    throw new RangeError("There is no line through one point");
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
