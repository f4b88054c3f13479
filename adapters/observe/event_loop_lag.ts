/** How often it is looked, in ms. */
const LOOK_MS = 500;

/**
 * Measures by how much a timer is late: what everything else that waits for the event loop waits for, too.
 *
 * @param measured is told, twice a second, in ms.
 * @returns a function that ends it.
 */
export function watchLag(measured: (lateMs: number) => void): () => void {
  let due = performance.now() + LOOK_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    measured(Math.max(0, now - due));
    // From now: one pause of a second is one late look, not two.
    due = now + LOOK_MS;
  }, LOOK_MS);
  // Who measures must not be what keeps the process alive.
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
