import type { RedisContext } from "./context.ts";
import { reasonOf, RedisAwayError, RedisLost, RedisRefused } from "./errors.ts";

/** A pause before Redis is asked again, in ms. */
const AGAIN_MS = 50;

/**
 * Asks Redis, again where the connection was lost or the server is busy, for as long as something may wait for it.
 *
 * @param context the store's.
 * @param ask asks; it may be carried out more than once.
 * @throws {RedisAwayError} when Redis was away for too long, or refuses.
 */
export async function patiently<T>(
  context: RedisContext,
  ask: () => Promise<T>,
): Promise<T> {
  const { link, clock, settings } = context;
  const until = clock.now() + settings.waitMs;
  for (;;) {
    try {
      if (!link.isUp) {
        await Promise.race([link.whenUp, context.pause(until - clock.now())]);
      }
      return await ask();
    } catch (error) {
      const mayPass = error instanceof RedisLost ||
        (error instanceof RedisRefused && error.isPassing);
      if (!mayPass || context.isClosed || clock.now() >= until) {
        throw new RedisAwayError(settings.server.name, reasonOf(error));
      }
      await context.pause(AGAIN_MS);
    }
  }
}
