/**
 * Text formats of the page: counts, durations, times of day, truncated text.
 * @module
 */

/**
 * Formats a count with its noun.
 *
 * @param count the number.
 * @param one the noun for one.
 * @param many the noun for every other number. Default: `one` with an s.
 * @returns for example "1,240 messages".
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/**
 * Formats a round-trip time. Below 10 ms it has one decimal. Firefox measures whole milliseconds: its 0 is not exact.
 *
 * @param rttMs milliseconds.
 * @returns for example "12 ms" or "0.4 ms"; "< 1 ms" for 0.
 */
export function roundTrip(rttMs: number): string {
  if (rttMs === 0) {
    return "< 1 ms";
  }
  if (rttMs < 1) {
    return `${Math.max(0.1, rttMs).toFixed(1)} ms`;
  }
  return rttMs < 9.95 && rttMs % 1 !== 0
    ? `${rttMs.toFixed(1)} ms`
    : `${Math.round(rttMs)} ms`;
}

/**
 * Formats a time of day, local time.
 *
 * @param date the time.
 * @returns for example "14:03:22".
 */
export function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * Truncates a text. It never splits a surrogate pair: browsers draw half a pair as a replacement character.
 *
 * @param text any text.
 * @param maxLength the maximum length in UTF-16 code units.
 * @returns the beginning of the text.
 */
export function truncate(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
}
