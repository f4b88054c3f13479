import { randomId } from "../../hub/ids.ts";
import type { RedisConnection } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { RedisScript } from "./scripts.ts";

/** The length of a generation's id. */
const ID_LENGTH = 12;

/**
 * Returns the id of the data's generation, and begins a new generation where the data may be an older copy: another process
 * of Redis has it, or the process was a replica meanwhile and has the data of another server. The id of the replication
 * history also changes when a first replica connects; then the server names no former history.
 *
 * KEYS: generation. ARGV: the ids of the process, of its replication history and of the former history; a new id.
 */
const GENERATION: RedisScript = new RedisScript(`
local known, run, history = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+) (%S+)$')
local is_other = run ~= ARGV[1] or (history ~= ARGV[2] and string.find(ARGV[3], '[^0]'))
if is_other then known = ARGV[4] end
if is_other or history ~= ARGV[2] then
  redis.call('SET', KEYS[1], known .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
end
return known
`);

/**
 * Reads the generation of the data in Redis: an id that changes when acknowledged writes may be lost.
 *
 * @param connection a connection that is open.
 * @param keys the names of the keys.
 * @returns the id.
 */
export async function readGeneration(
  connection: RedisConnection,
  keys: RedisKeys,
): Promise<string> {
  const [server, replication] = await Promise.all([
    connection.command<string>(["INFO", "server"]),
    connection.command<string>(["INFO", "replication"]),
  ]);
  return await connection.script<string>(GENERATION, [keys.generation], [
    // A server that does not identify itself counts as one process.
    /^run_id:(\S+)/m.exec(server)?.[1] ?? "-",
    /^master_replid:(\S+)/m.exec(replication)?.[1] ?? "-",
    /^master_replid2:(\S+)/m.exec(replication)?.[1] ?? "0",
    randomId(ID_LENGTH),
  ]);
}
