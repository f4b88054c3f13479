import { delay } from "@std/async";

/** The shortest wait for which a timer is used, in ms. */
const SHORTEST_WAIT_MS = 4;

/**
 * Creates a pacer of a loop: it delays each step so that the loop runs at a fixed rate. Steps that are late run at once,
 * so that the average rate is kept.
 *
 * @param perSecond the rate; `Infinity` for as fast as the event loop turns.
 * @returns a function to await before each step.
 */
export function pacer(perSecond: number): () => Promise<void> {
  const start = performance.now();
  let steps = 0;
  return async () => {
    steps++;
    const early = steps / perSecond * 1000 - (performance.now() - start);
    if (early > SHORTEST_WAIT_MS) await delay(early);
    // Without a turn of the event loop now and then, nothing else would run.
    else if (steps % 8 === 0) await delay(0);
  };
}
