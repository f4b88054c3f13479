/**
 * Lets so many steps a second go by, as well as the machine can; those that it missed are caught up with at once.
 *
 * @param perSecond how many; `Infinity`: as fast as the event loop turns.
 * @returns to be awaited before each step.
 */
export function pacer(perSecond: number): () => Promise<void> {
  const start = performance.now();
  let steps = 0;
  return async () => {
    steps++;
    const early = steps / perSecond * 1000 - (performance.now() - start);
    // Under 4 ms a timer is not worth it; a turn now and then lets everybody else run.
    if (early > 4) await new Promise((resolve) => setTimeout(resolve, early));
    else if (steps % 8 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
}
