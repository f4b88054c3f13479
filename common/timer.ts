/**
 * The longest delay of `setTimeout`, in ms: it is a signed 32-bit integer (HTML Standard, timer initialization steps). A
 * longer one fires at once, so it has to be split.
 */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
