import { WebClock } from "../clock_web.ts";
import { reasonOf, RedisAwayError } from "./errors.ts";
import { RedisLink } from "./connection.ts";
import { redisSettings, type RedisStoreOptions } from "./options.ts";

/** The oldest version that has all that is used: trimming a stream by id. */
const OLDEST = [6, 2] as const;

/**
 * Looks once whether a Redis can be reached and used, for programs that would rather not start than wait for it.
 *
 * @param url as for `redisStore`.
 * @param options as for `redisStore`.
 * @returns what is set there so that records may be lost, a sentence each.
 * @throws {RedisAwayError} (as a rejection) when it cannot be reached, or is too old.
 * @throws {TypeError} (as a rejection) for a URL that is none.
 */
export async function checkRedis(
  url: string,
  options: RedisStoreOptions = {},
): Promise<readonly string[]> {
  const settings = redisSettings(url, options);
  const clock = new WebClock();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const link: RedisLink = new RedisLink({
    clock,
    settings,
    up: async () => resolve(await link.command<string>(["INFO"])),
    down: (error) =>
      reject(new RedisAwayError(settings.server.name, reasonOf(error))),
  });
  link.start();
  try {
    return problems(settings.server.name, fieldsOf(await promise));
  } finally {
    link.close();
    clock.close();
  }
}

function problems(name: string, info: ReadonlyMap<string, string>): string[] {
  const version = info.get("redis_version");
  if (version !== undefined && isOld(version)) {
    throw new RedisAwayError(
      name,
      `It is Redis ${version}; this needs ${OLDEST.join(".")} or later`,
    );
  }
  const found: string[] = [];
  const policy = info.get("maxmemory_policy");
  if (info.get("maxmemory") !== "0" && policy !== "noeviction") {
    found.push(
      `Redis drops keys where memory is short (maxmemory-policy ${policy}), and logs with them: set it to noeviction`,
    );
  }
  return found;
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
