import { backoffMs } from "../../common/backoff.ts";
import {
  reasonOf,
  RedisConnectionError,
  RedisReplyError,
  RedisUnavailableError,
} from "./errors.ts";
import type { RedisNode } from "./node.ts";

/** The delays between two attempts. */
const BACKOFF = { minMs: 50, maxMs: 500 };

/**
 * Runs commands, and runs them again when the connection was closed or the server is busy, for up to `waitMs`.
 *
 * @param node the node.
 * @param run sends the commands; Redis may execute them more than once.
 * @throws {RedisUnavailableError} when the time is over, or Redis rejects the commands.
 */
export async function withRetry<T>(
  node: RedisNode,
  run: () => Promise<T>,
): Promise<T> {
  const { connection, clock, settings } = node;
  const deadline = clock.now() + settings.waitMs;
  for (let retry = 0;; retry++) {
    try {
      if (!connection.isUp) {
        const left = Math.max(0, deadline - clock.now());
        await Promise.race([connection.whenUp, node.pause(left)]);
      }
      return await run();
    } catch (error) {
      const mayPass = error instanceof RedisConnectionError ||
        (error instanceof RedisReplyError && error.isTransient);
      if (!mayPass || node.isClosed || clock.now() >= deadline) {
        const { name } = settings.server;
        throw new RedisUnavailableError(name, reasonOf(error), {
          cause: error,
        });
      }
      await node.pause(backoffMs(retry, BACKOFF, Math.random()));
    }
  }
}
