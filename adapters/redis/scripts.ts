import { createHash } from "node:crypto";

/** A Lua script, which Redis executes atomically. */
export class RedisScript {
  readonly source: string;
  /** The name of the script on a server that has it. */
  readonly sha: string;

  constructor(source: string) {
    this.source = source;
    this.sha = createHash("sha1").update(source).digest("hex");
  }
}

/**
 * Opens a log, and returns its epoch, tail and head. It creates a new log if none exists, if the log is of
 * another generation of the data, or if the log ends before the head that the node has: its end was lost. With full
 * durability there is no generation, neither of a log nor of a node: then nothing is compared.
 *
 * The head follows the stream if an append ended in the middle: an error of the server, such as a missing right, ends a
 * script and undoes nothing.
 *
 * KEYS: log, records, marks. ARGV: the node's epoch and head, generation, a new epoch, the log's time to live in ms.
 */
export const OPEN: RedisScript = new RedisScript(`
local log = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'tail', 'generation')
local head, tail, generation = tonumber(log[2]), tonumber(log[3]), log[4]
local is_other = ARGV[3] ~= '' and generation and generation ~= '' and generation ~= ARGV[3]
local newest = log[1] and redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
if head and last > head then
  head = last
  redis.call('HSET', KEYS[1], 'head', head)
end
if not log[1] or is_other or (log[1] == ARGV[1] and head < tonumber(ARGV[2])) then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[4], 'head', 0, 'tail', 0, 'bytes', 0, 'generation', ARGV[3])
  redis.call('DEL', KEYS[2], KEYS[3])
  log[1], head, tail = ARGV[4], 0, 0
else
  if generation ~= ARGV[3] and ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'generation', ARGV[3]) end
  if tail < head and not newest then
    tail = head
    redis.call('HSET', KEYS[1], 'tail', tail)
  end
end
if ARGV[5] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return {log[1], tail, head}
`);

/**
 * Appends the entries of a node to one topic, trims the log and announces the records to the nodes that follow it. When
 * Redis is out of memory, the first write fails, so no append is half done; the head is written before anything that a
 * user of Redis may have no right to. An append that is sent again gets the answer of the first time.
 *
 * KEYS: log, records, marks, last, then the outcomes of each session.
 * ARGV: epoch, the node's head, generation, sequence, writer; the maximum number of records, the maximum bytes and the greatest age in ms (or
 * empty); the time to live of the log, the answer and the outcomes in ms; the topic's channel, the channel of direct
 * messages (or empty), the topic; the number of entries; for each entry its session's number (0: none), its id and the
 * record.
 *
 * Returns 'replaced' when the log is another one, or: the first offset, the number of new records, the tail, and for each
 * repeated entry index:offset (-1: its outcome is not kept).
 */
export const APPEND: RedisScript = new RedisScript(`
local function whole(number) return string.format('%.0f', number) end
local epoch = ARGV[1]
local log = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'tail', 'bytes', 'generation')
local is_other = ARGV[3] ~= '' and log[5] and log[5] ~= '' and log[5] ~= ARGV[3]
if log[1] ~= epoch or is_other or tonumber(log[2]) < tonumber(ARGV[2]) then return 'replaced' end
local last = redis.call('GET', KEYS[4])
if last then
  local sequence, answer = string.match(last, '^(%d+) (.*)$')
  if sequence == ARGV[4] then return answer end
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local first, bytes = tonumber(log[2]), tonumber(log[4])
local head, before = first, bytes
local before_tail = tonumber(log[3])
if before_tail < first and redis.call('EXISTS', KEYS[2]) == 0 then before_tail = first end
local highest, added, known_ids = {}, {}, {}
local lengths, written, repeated = {}, {}, {}
for i = 1, tonumber(ARGV[15]) do
  local session, id, record = tonumber(ARGV[13 + 3 * i]), ARGV[14 + 3 * i], ARGV[15 + 3 * i]
  local known
  if session > 0 then
    if not highest[session] then
      local top = redis.call('ZREVRANGE', KEYS[4 + session], 0, 0, 'WITHSCORES')
      highest[session] = tonumber(top[2] or -1)
      added[session], known_ids[session] = {}, {}
    end
    if tonumber(id) <= highest[session] then
      known = known_ids[session][id]
      if not known then
        local outcome = redis.call('ZRANGEBYSCORE', KEYS[4 + session], id, id)[1]
        local offset, its_epoch = string.match(outcome or '', '^(%d+) (.*)$')
        known = its_epoch == epoch and offset or '-1'
      end
    end
  end
  if known then
    repeated[#repeated + 1] = (i - 1) .. ':' .. known
  else
    local offset = whole(head)
    redis.call('XADD', KEYS[2], whole(head + 1) .. '-0', 'r', record)
    if session > 0 then
      highest[session] = tonumber(id)
      known_ids[session][id] = offset
      local ids = added[session]
      ids[#ids + 1] = id
      ids[#ids + 1] = offset .. ' ' .. epoch
    end
    head = head + 1
    bytes = bytes + #record
    lengths[#lengths + 1] = #record
    written[#written + 1] = record
  end
end
local function answer(tail)
  local words = {whole(first), whole(head - first), whole(tail)}
  for i = 1, #repeated do words[#words + 1] = repeated[i] end
  return table.concat(words, ' ')
end
if head == first then return answer(before_tail) end
redis.call('HSET', KEYS[1], 'head', whole(head), 'bytes', whole(bytes))
for session, ids in pairs(added) do
  if #ids > 0 then
    redis.call('ZADD', KEYS[4 + session], unpack(ids))
    redis.call('ZREMRANGEBYRANK', KEYS[4 + session], 0, -257)
    redis.call('PEXPIRE', KEYS[4 + session], ARGV[11])
  end
end

local max_records, max_bytes, max_age = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local function mark(index)
  local text = redis.call('LINDEX', KEYS[3], index)
  if not text then return nil end
  local offset, at, since = string.match(text, '^(%d+) (%d+) (%d+)$')
  return {offset = tonumber(offset), bytes = tonumber(at), since = tonumber(since)}
end
local newest = mark(-1)
if not newest or before - newest.bytes >= max_bytes / 64 or (max_age and now - newest.since >= max_age / 64) then
  redis.call('RPUSH', KEYS[3], whole(first) .. ' ' .. whole(before) .. ' ' .. whole(now))
end
local tail = math.max(before_tail, head - max_records)
local oldest, second = mark(0), mark(1)
while second and (second.offset <= tail or bytes - oldest.bytes > max_bytes or
    (max_age and second.since <= now - max_age)) do
  tail = math.max(tail, second.offset)
  redis.call('LPOP', KEYS[3])
  oldest, second = second, mark(1)
end
if tail > before_tail then redis.call('XTRIM', KEYS[2], 'MINID', whole(tail + 1)) end
redis.call('HSET', KEYS[1], 'tail', whole(tail))
if max_age then
  redis.call('PEXPIRE', KEYS[2], ARGV[8])
  redis.call('PEXPIRE', KEYS[3], ARGV[8])
end
if ARGV[9] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[9]) end
local result = answer(tail)
redis.call('SET', KEYS[4], ARGV[4] .. ' ' .. result, 'PX', ARGV[10])
local line = table.concat({ARGV[5], epoch, whole(first), whole(tail), table.concat(lengths, ',')}, ' ')
redis.call('PUBLISH', ARGV[12], line .. '\\n' .. table.concat(written))
if ARGV[13] ~= '' then redis.call('PUBLISH', ARGV[13], ARGV[14]) end
return result
`);

/**
 * Reads about this many bytes of records from an offset on, at least one record if the log has one.
 *
 * KEYS: log, records. ARGV: from, bytes. Returns the epoch, the tail, the head, the first offset, the records.
 */
export const READ: RedisScript = new RedisScript(`
local log = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'tail')
local head, tail = tonumber(log[2] or 0), tonumber(log[3] or 0)
local at = math.max(tonumber(ARGV[1]), tail)
local found, bytes = {log[1] or '', tail, head, at}, 0
while at < head do
  local entries = redis.call('XRANGE', KEYS[2], string.format('%.0f', at + 1), '+', 'COUNT', 16)
  if #entries == 0 then
    if #found == 4 then found[2] = head end
    return found
  end
  for _, entry in ipairs(entries) do
    local offset, record = tonumber(string.match(entry[1], '^%d+')) - 1, entry[2][2]
    if #found == 4 then found[4] = offset
    elseif bytes + #record > tonumber(ARGV[2]) then return found end
    found[#found + 1] = record
    bytes = bytes + #record
    at = offset + 1
  end
end
return found
`);

/**
 * Claims a session and notifies the node that had it. A session of another generation of the data is rejected: its outcomes
 * may be lost. With full durability there is no generation, neither of a session nor of a node: then nothing is compared.
 *
 * KEYS: session. ARGV: node, generation, time to live in ms, the prefix of the channels of claims, the session's hash. Returns the
 * number of claims; 0: there is no such session.
 */
export const CLAIM: RedisScript = new RedisScript(`
local count, node, generation = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%S+) (%S*)$')
if not count then return 0 end
if generation ~= '' and ARGV[2] ~= '' and generation ~= ARGV[2] then
  redis.call('DEL', KEYS[1])
  return 0
end
count = string.format('%.0f', count + 1)
redis.call('SET', KEYS[1], count .. ' ' .. ARGV[1] .. ' ' .. (ARGV[2] ~= '' and ARGV[2] or generation), 'PX', ARGV[3])
if node ~= ARGV[1] then redis.call('PUBLISH', ARGV[4] .. node, count .. ' ' .. ARGV[5]) end
return tonumber(count)
`);

/**
 * Sets a session's time to live, while it has a connection to this node or when the connection was closed.
 *
 * KEYS: session. ARGV: node, time to live in ms. Returns 1; 0: there is no such session; -1: another node has it.
 */
export const RENEW: RedisScript = new RedisScript(`
local node = string.match(redis.call('GET', KEYS[1]) or '', '^%d+ (%S+) ')
if not node then return 0 end
if node ~= ARGV[1] then return -1 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);
