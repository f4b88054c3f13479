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
