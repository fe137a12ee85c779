-- Gives a worker up to `want` jobs, each under a lease with a new fencing token. Promotes due jobs and takes back
-- expired leases in passing.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 want  4 silence after which leases are spared, in milliseconds
--       5 lost leases after which a job is dead without another look  then the models served (none = all)
-- Result {milliseconds to the next due job or lease (-1 = none), {id, fence, attempt, lost, body, {field, value, …}}, …}
-- Cost  O((want + promotions + reaps) · log n), promotions and reaps at most 64 each.
local worker, lease, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()

-- When nobody spoke to Redis for a while, Redis was away, not every worker dead: the leases could not be renewed.
-- Their holders get a moment to come back before the jobs are given to others.
local pulse = tonumber(redis.call('HGET', K .. 'gauge', 'pulse') or int(at))
if at - pulse > tonumber(ARGV[4]) then
  redis.call('HSET', K .. 'gauge', 'spare', int(at + tonumber(ARGV[4])))
end
if at - pulse > 500 or at == pulse then
  redis.call('HSET', K .. 'gauge', 'pulse', int(at))
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'delayed', '-inf', int(at), 'LIMIT', 0, PROMOTIONS)) do
  redis.call('ZREM', K .. 'delayed', id)
  local job = redis.call('HMGET', K .. 'job:' .. id, 'model', 'seq')
  if job[1] then
    redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting')
    redis.call('HDEL', K .. 'job:' .. id, 'due')
    redis.call('HINCRBY', K .. 'gauge', 'waiting', 1)
    enline(id, job[1], job[2])
  end
end

if at >= tonumber(redis.call('HGET', K .. 'gauge', 'spare') or '0') then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'leases', '-inf', int(at), 'LIMIT', 0, PROMOTIONS)) do
    local job = redis.call('HMGET', K .. 'job:' .. id, 'model', 'seq', 'worker', 'bot', 'user')
    if job[1] then
      unlease(id, job[1])
      local lost = redis.call('HINCRBY', K .. 'job:' .. id, 'lost', 1)
      note(id, at, 'lost', job[3], 'the lease ran out')
      if lost >= tonumber(ARGV[5]) then
        redis.call('HSET', K .. 'job:' .. id, 'class', 'fatal', 'detail', 'its worker was lost ' .. lost .. ' times')
        finish(id, at, 'dead', job[4] .. ':' .. job[5])
        note(id, at, 'dead', 'queue', 'its worker was lost ' .. lost .. ' times')
      else
        redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting')
        redis.call('HINCRBY', K .. 'gauge', 'waiting', 1)
        enline(id, job[1], job[2])
      end
    else
      redis.call('ZREM', K .. 'leases', id)
    end
  end
end

-- the served model whose head has waited longest
local function lane()
  if #ARGV == 5 then
    return redis.call('ZRANGE', K .. 'lanes', 0, 0)[1]
  end
  local best, best_seq
  for index = 6, #ARGV do
    local seq = redis.call('ZSCORE', K .. 'lanes', ARGV[index])
    if seq and (not best or tonumber(seq) < best_seq) then
      best, best_seq = ARGV[index], tonumber(seq)
    end
  end
  return best
end

local answer = { -1 }
while #answer <= want do
  local model = lane()
  if not model then
    break
  end
  local id = redis.call('ZPOPMIN', K .. 'line:' .. model)[1]
  relane(model)
  if id and redis.call('EXISTS', K .. 'job:' .. id) == 1 then
    local previous = tonumber(redis.call('GET', K .. 'fence') or '0')
    local fence = int(math.max(previous + 1, at * 1024))
    redis.call('SET', K .. 'fence', fence)
    local key = K .. 'job:' .. id
    local attempt = redis.call('HINCRBY', key, 'attempt', 1)
    redis.call('HSET', key, 'state', 'active', 'fence', fence, 'worker', worker, 'claimed', int(at))
    redis.call('HSETNX', key, 'started', int(at))
    redis.call('ZADD', K .. 'leases', int(at + lease), id)
    redis.call('HINCRBY', K .. 'running', model, 1)
    redis.call('HINCRBY', K .. 'gauge', 'waiting', -1)
    note(id, at, 'claimed', worker, 'attempt ' .. attempt)
    answer[#answer + 1] = {
      id, fence, attempt, tonumber(redis.call('HGET', key, 'lost') or '0'),
      redis.call('GET', K .. 'body:' .. id) or '', redis.call('HGETALL', key),
    }
  end
end

local due = redis.call('ZRANGE', K .. 'delayed', 0, 0, 'WITHSCORES')[2]
local expiry = redis.call('ZRANGE', K .. 'leases', 0, 0, 'WITHSCORES')[2]
local next_at = math.min(tonumber(due or 'inf') or math.huge, tonumber(expiry or 'inf') or math.huge)
if next_at < math.huge then
  answer[1] = math.max(0, math.ceil(next_at - at))
end
return answer
