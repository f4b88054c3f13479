import { WebClock } from "../clock_web.ts";
import { RedisConnection } from "./connection.ts";
import { reasonOf, RedisUnavailableError } from "./errors.ts";
import { RedisKeys } from "./keys.ts";
import { redisSettings, type RedisStoreOptions } from "./options.ts";
import { checkRights } from "./rights.ts";

/** The oldest version that trims a stream by id. */
const OLDEST = [6, 2] as const;

/**
 * Connects to a Redis once and checks it, for programs that fail at the start instead of waiting for Redis.
 *
 * @param url as for `redisStore`.
 * @param options as for `redisStore`.
 * @returns the settings of the server that may lose records, a sentence each.
 * @throws {RedisUnavailableError} (as a rejection) when the server cannot be reached, is too old, a replica, a Sentinel
 * or a node of a Redis Cluster, or its user lacks a right.
 * @throws {TypeError} (as a rejection) for a malformed URL or a wrong option.
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkRedis, RedisUnavailableError } from "./store.ts";
 *
 * // No Redis listens on port 1.
 * await assertRejects(
 *   () => checkRedis("redis://127.0.0.1:1"),
 *   RedisUnavailableError,
 *   "Cannot use the store at redis://127.0.0.1:1",
 * );
 * ```
 */
export async function checkRedis(
  url: string,
  options: RedisStoreOptions = {},
): Promise<readonly string[]> {
  const settings = redisSettings(url, options);
  const clock = new WebClock();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { name } = settings.server;
  const connection: RedisConnection = new RedisConnection({
    clock,
    settings,
    connected: async () => {
      const info = await connection.command<string>(["INFO"]);
      checkMode(info);
      await checkRights(connection, new RedisKeys(settings.prefix));
      resolve(info);
    },
    disconnected: (error) =>
      reject(new RedisUnavailableError(name, reasonOf(error))),
  });
  connection.start();
  try {
    return problems(name, fieldsOf(await promise));
  } finally {
    connection.close();
    clock.close();
  }
}

/**
 * Rejects servers that cannot hold the store.
 *
 * @param info the answer to `INFO`, or to `INFO server`.
 * @throws {Error} for a node of a Redis Cluster, and for a Sentinel.
 */
export function checkMode(info: string): void {
  const mode = fieldsOf(info).get("redis_mode");
  if (mode === "cluster") {
    throw new Error("it is a node of a Redis Cluster, which is not supported");
  }
  if (mode === "sentinel") {
    throw new Error(
      "it is a Sentinel: give the address that follows the primary",
    );
  }
}

function problems(name: string, info: ReadonlyMap<string, string>): string[] {
  const version = info.get("redis_version");
  if (version !== undefined && isOld(version)) {
    const reason = `it is Redis ${version}, not ${OLDEST.join(".")} or later`;
    throw new RedisUnavailableError(name, reason);
  }
  if (info.get("role") === "slave") {
    const reason = "it is a replica: give the address of the primary";
    throw new RedisUnavailableError(name, reason);
  }
  const policy = info.get("maxmemory_policy");
  if (info.get("maxmemory") === "0" || policy === "noeviction") return [];
  return [
    `Redis deletes keys, and logs with them, when memory is short (maxmemory-policy ${policy}): set it to noeviction`,
  ];
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

function fieldsOf(info: string): Map<string, string> {
  return new Map(
    [...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
}
