import type { RedisConnection } from "./connection.ts";
import { RedisReplyError } from "./errors.ts";
import type { RedisKeys } from "./keys.ts";
import { RedisScript } from "./scripts.ts";

/**
 * Tries each command of the scripts once, on keys that expire after a second. A script that lacks a right ends in the
 * middle, and its records would be stored without an answer.
 *
 * KEYS: five keys. ARGV: a channel. Returns the names of the commands that the user may not run here. Other
 * errors, such as a full memory, are reported by the commands themselves.
 */
export const RIGHTS: RedisScript = new RedisScript(`
local hash, stream, list, text, set = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local missing = {}
local function try(...)
  local answer = redis.pcall(...)
  local failure = type(answer) == 'table' and answer.err
  if failure and string.find(failure, "user executing the script can't", 1, true) then
    missing[#missing + 1] = ({...})[1]
  end
end
for _, key in ipairs(KEYS) do try('DEL', key) end
try('HSET', hash, 'field', '1')
try('HMGET', hash, 'field')
try('EXISTS', hash)
try('XADD', stream, '1-0', 'r', '')
try('XRANGE', stream, '-', '+', 'COUNT', '1')
try('XREVRANGE', stream, '+', '-', 'COUNT', '1')
try('XTRIM', stream, 'MINID', '1')
try('RPUSH', list, '1', '2')
try('LINDEX', list, '0')
try('LPOP', list)
try('SET', text, '1', 'PX', '1000')
try('GET', text)
try('ZADD', set, '1', '1')
try('ZREVRANGE', set, '0', '0', 'WITHSCORES')
try('ZRANGEBYSCORE', set, '1', '1')
try('ZREMRANGEBYRANK', set, '0', '-257')
for _, key in ipairs(KEYS) do try('PEXPIRE', key, '1000') end
try('TIME')
try('PUBLISH', ARGV[1], '')
return missing
`);

/**
 * Checks that the user of a connection may do what the store does.
 *
 * @param connection a connection that is open.
 * @param keys the names of the keys and channels.
 * @throws {Error} (as a rejection) when a right is missing; the message names the commands.
 */
export async function checkRights(
  connection: RedisConnection,
  keys: RedisKeys,
): Promise<void> {
  let missing: string[];
  try {
    missing = await connection.script(RIGHTS, keys.check, [keys.checkChannel]);
  } catch (error) {
    if (!(error instanceof RedisReplyError && error.code === "NOPERM")) {
      throw error;
    }
    const { message } = error;
    throw new Error(
      `the Redis user may not run scripts on the keys with the prefix of the store (${message})`,
      { cause: error },
    );
  }
  if (missing.length === 0) return;
  const names = [...new Set(missing)].join(", ");
  throw new Error(
    `the Redis user may not run ${names} on the keys and channels with the prefix of the store`,
  );
}
