-- Gives a worker up to `want` jobs, each under a lease with a new fencing token. Promotes due jobs and takes back
-- expired leases in passing.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 want  4 silence after which leases are spared, in milliseconds
--       5 lost leases after which a job is dead without another look  then the models served (none = all)
-- Result {milliseconds to the next due job or lease (-1 = none), {id, fence, attempt, lost, body, {field, value, …}}, …}
-- Cost  O((want + promotions + reaps) · log n), promotions and reaps at most 64 each.
local worker, lease, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()

-- the first moment in a set of jobs by time
local function first(set)
  return tonumber(redis.call('ZRANGE', K .. set, 0, 0, 'WITHSCORES')[2] or 'inf') or math.huge
end

-- When nobody spoke to Redis for a while, Redis was away, not every worker dead: the leases could not be renewed.
-- Their holders get a moment to come back before the jobs are given to others.
local gauge = redis.call('HMGET', K .. 'gauge', 'pulse', 'spare')
local pulse, spare = tonumber(gauge[1] or int(at)), tonumber(gauge[2] or '0')
if at - pulse > tonumber(ARGV[4]) then
  spare = at + tonumber(ARGV[4])
  redis.call('HSET', K .. 'gauge', 'spare', int(spare))
end
if at - pulse > 500 or at == pulse then
  redis.call('HSET', K .. 'gauge', 'pulse', int(at))
end

local due = first('delayed')
if due <= at then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'delayed', '-inf', int(at), 'LIMIT', 0, PROMOTIONS)) do
    redis.call('ZREM', K .. 'delayed', id)
    local job = redis.call('HMGET', K .. 'job:' .. id, 'model', 'seq')
    if job[1] then
      redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting')
      redis.call('HDEL', K .. 'job:' .. id, 'due')
      count('gauge', 'waiting', 1)
      enline(id, job[1], job[2])
    end
  end
  due = first('delayed')
end

local expiry = first('leases')
if expiry <= at and spare <= at then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'leases', '-inf', int(at), 'LIMIT', 0, PROMOTIONS)) do
    local job = redis.call('HMGET', K .. 'job:' .. id, 'model', 'seq', 'worker', 'bot', 'user')
    if job[1] then
      unlease(id, job[1])
      local lost = redis.call('HINCRBY', K .. 'job:' .. id, 'lost', 1)
      note(id, at, 'lost', job[3], 'the lease ran out')
      if lost >= tonumber(ARGV[5]) then
        local detail = 'its worker was lost ' .. lost .. ' times'
        finish(id, at, 'dead', job[4] .. ':' .. job[5], 'class', 'fatal', 'detail', detail)
        note(id, at, 'dead', 'queue', detail)
      else
        redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting')
        count('gauge', 'waiting', 1)
        enline(id, job[1], job[2])
      end
    else
      redis.call('ZREM', K .. 'leases', id)
    end
  end
  expiry = first('leases')
elseif expiry <= at then
  -- spared: there is nothing to be had from them before that is over
  expiry = spare
end

-- The heads of the served lines, all read at once; each line is read when it is its turn, and cut once at the end.
local served, heads = {}, {}
if #ARGV == 5 then
  local lanes = redis.call('ZRANGE', K .. 'lanes', 0, -1, 'WITHSCORES')
  for index = 1, #lanes, 2 do
    served[#served + 1] = lanes[index]
    heads[lanes[index]] = tonumber(lanes[index + 1])
  end
else
  for index = 6, #ARGV do
    served[#served + 1] = ARGV[index]
  end
  for index, seq in ipairs(redis.call('ZMSCORE', K .. 'lanes', unpack(served))) do
    heads[served[index]] = seq and tonumber(seq) or nil
  end
end
local lines, taken = {}, {}

-- the next job of the line whose head has waited longest
local function pop()
  local best
  for _, model in ipairs(served) do
    if heads[model] and (not best or heads[model] < heads[best]) then
      best = model
    end
  end
  if not best then
    return nil
  end
  -- one more than wanted: the head that is left
  lines[best] = lines[best] or redis.call('ZRANGE', K .. 'line:' .. best, 0, want, 'WITHSCORES')
  taken[best] = (taken[best] or 0) + 1
  heads[best] = tonumber(lines[best][2 * taken[best] + 2])
  return best, lines[best][2 * taken[best] - 1]
end

local answer, leases = { -1 }, {}
local fence = 0
for _ = 1, want do
  local model, id = pop()
  if not model then
    break
  end
  local key = K .. 'job:' .. (id or '')
  local fields = id and redis.call('HGETALL', key) or {}
  if #fields > 0 then
    local job = {}
    for index = 1, #fields, 2 do
      job[fields[index]] = fields[index + 1]
    end
    fence = math.max((fence > 0 and fence or tonumber(redis.call('GET', K .. 'fence') or '0')) + 1, at * 1024)
    local attempt = tonumber(job.attempt or '0') + 1
    redis.call('HSET', key, 'state', 'active', 'fence', int(fence), 'worker', worker, 'claimed', int(at),
      'attempt', int(attempt), 'started', job.started or int(at))
    leases[#leases + 1] = int(at + lease)
    leases[#leases + 1] = id
    count('running', model, 1)
    count('gauge', 'waiting', -1)
    note(id, at, 'claimed', worker, 'attempt ' .. int(attempt))
    answer[#answer + 1] = {
      id, int(fence), attempt, tonumber(job.lost or '0'), redis.call('GET', K .. 'body:' .. id) or '', fields,
    }
  else
    -- its record is gone: fewer are handed out than there may be, so the worker asks again at once
    due = at
  end
end
for model, number in pairs(taken) do
  redis.call('ZREMRANGEBYRANK', K .. 'line:' .. model, 0, number - 1)
  if heads[model] then
    redis.call('ZADD', K .. 'lanes', int(heads[model]), model)
  else
    redis.call('ZREM', K .. 'lanes', model)
  end
end
if #leases > 0 then
  redis.call('SET', K .. 'fence', int(fence))
  redis.call('ZADD', K .. 'leases', unpack(leases))
  expiry = math.min(expiry, at + lease)
end
flush()

local next_at = math.min(due, expiry)
if next_at < math.huge then
  answer[1] = math.max(0, math.ceil(next_at - at))
end
return answer
