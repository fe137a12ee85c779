-- Accepts the jobs of one update, all or none.
-- KEYS  1 prefix
-- ARGV  1 bot  2 user  3 update  4 most pending jobs of the user  5 seconds for which the update is remembered
--       6 highest length of all lines together  then per job: id, model, predicted milliseconds, body
-- Result {'new'} | {'seen', id, …} | {'full', pending} (the user's cap) | {'busy', waiting} (the queue's cap)
-- Cost  O(jobs · log waiting); 2 commands a job, about 14 in all. An update asks for few: the lists are unpacked.
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
local ids, mine, lines = {}, {}, {}
local seq = redis.call('INCRBY', K .. 'seq', jobs) - jobs
for index = 0, jobs - 1 do
  local base = 6 + index * 4
  local id, model, cost, body = ARGV[base + 1], ARGV[base + 2], ARGV[base + 3], ARGV[base + 4]
  seq = seq + 1
  redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting', 'model', model, 'bot', bot, 'user', user, 'cost', cost,
    'seq', int(seq), 'accepted', int(at))
  redis.call('SET', K .. 'body:' .. id, body)
  local line = lines[model] or {}
  lines[model] = line
  line[#line + 1] = int(seq)
  line[#line + 1] = id
  mine[#mine + 1] = int(at)
  mine[#mine + 1] = id
  ids[#ids + 1] = id
end
for model, line in pairs(lines) do
  redis.call('ZADD', K .. 'line:' .. model, unpack(line))
  redis.call('ZADD', K .. 'lanes', 'LT', line[1], model)
end
local mine_key = K .. 'user:' .. owner
redis.call('ZADD', mine_key, unpack(mine))
redis.call('ZREMRANGEBYRANK', mine_key, 0, -201)
redis.call('EXPIRE', mine_key, 7 * 86400)
count('gauge', 'waiting', jobs)
count('pending', owner, jobs)
count('totals', 'accepted', jobs)
redis.call('SET', seen_key, table.concat(ids, ','), 'EX', ARGV[5])
flush()
wake(jobs)
return { 'new' }
