-- Accepts the jobs of one update, all or none.
-- KEYS  1 prefix
-- ARGV  1 bot  2 user  3 update  4 most pending jobs of the user  5 seconds for which the update is remembered
--       6 highest length of all lines together  then per job: id, model, predicted milliseconds, body
-- Result {'new'} | {'seen', id, …} | {'full', pending} (the user's cap) | {'busy', waiting} (the queue's cap)
-- Cost  O(jobs · log waiting); about 8 commands a job.
local bot, user, update = ARGV[1], ARGV[2], ARGV[3]
local seen_key = K .. 'seen:' .. bot .. ':' .. update
local seen = redis.call('GET', seen_key)
if seen then
  local answer = { 'seen' }
  for id in string.gmatch(seen, '[^,]+') do
    answer[#answer + 1] = id
  end
  return answer
end

local owner = bot .. ':' .. user
local jobs = (#ARGV - 6) / 4
local pending = tonumber(redis.call('HGET', K .. 'pending', owner) or '0')
if pending + jobs > tonumber(ARGV[4]) then
  return { 'full', int(pending) }
end
local waiting = tonumber(redis.call('HGET', K .. 'gauge', 'waiting') or '0')
if waiting + jobs > tonumber(ARGV[6]) then
  return { 'busy', int(waiting) }
end

local at = now()
local ids = {}
local mine = K .. 'user:' .. owner
for index = 0, jobs - 1 do
  local base = 6 + index * 4
  local id, model, cost, body = ARGV[base + 1], ARGV[base + 2], ARGV[base + 3], ARGV[base + 4]
  local seq = redis.call('INCR', K .. 'seq')
  redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting', 'model', model, 'bot', bot, 'user', user, 'cost', cost,
    'seq', seq, 'accepted', int(at))
  redis.call('SET', K .. 'body:' .. id, body)
  enline(id, model, seq)
  redis.call('ZADD', mine, int(at), id)
  ids[#ids + 1] = id
end
redis.call('ZREMRANGEBYRANK', mine, 0, -201)
redis.call('EXPIRE', mine, 7 * 86400)
redis.call('HINCRBY', K .. 'gauge', 'waiting', jobs)
redis.call('HINCRBY', K .. 'pending', owner, jobs)
redis.call('HINCRBY', K .. 'totals', 'accepted', jobs)
redis.call('SET', seen_key, table.concat(ids, ','), 'EX', ARGV[5])
wake(jobs)
return { 'new' }
