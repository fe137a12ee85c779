-- Put in front of every script. KEYS[1] is the prefix of all keys of the shard, hash tag included, so that every
-- key built from it lies in the slot of the one declared key.
local K = KEYS[1]
local PROMOTIONS = 64 -- most promotions, reaps or trims of one step: a script stays below a millisecond

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- whole numbers beyond 10^14 lose digits under Lua's own tostring
local function int(number)
  return string.format('%.0f', number)
end

-- one line of the job's trail: milliseconds, kind, actor, detail, separated by the unit separator
local function note(id, at, kind, actor, detail)
  local key = K .. 'trail:' .. id
  redis.call('RPUSH', key, int(at) .. '\31' .. kind .. '\31' .. (actor or '') .. '\31' .. (detail or ''))
  redis.call('LTRIM', key, -200, -1)
end

-- puts a waiting job in line; a job that comes back keeps the place its number gave it
local function enline(id, model, seq)
  redis.call('ZADD', K .. 'line:' .. model, seq, id)
  local lane = redis.call('ZSCORE', K .. 'lanes', model)
  if not lane or tonumber(lane) > tonumber(seq) then
    redis.call('ZADD', K .. 'lanes', seq, model)
  end
end

-- after a job left a line: the model's place among the lanes is that of its new head
local function relane(model)
  local head = redis.call('ZRANGE', K .. 'line:' .. model, 0, 0, 'WITHSCORES')
  if head[1] then
    redis.call('ZADD', K .. 'lanes', head[2], model)
  else
    redis.call('ZREM', K .. 'lanes', model)
  end
end

-- one entry wakes one idle worker; the list is capped, since an entry more than idle workers only costs a look
local function wake(count)
  local key = K .. 'wake'
  for _ = 1, math.min(count, 16) do
    redis.call('RPUSH', key, '1')
  end
  redis.call('LTRIM', key, -256, -1)
end

-- moves a job out of the active ones
local function unlease(id, model)
  redis.call('ZREM', K .. 'leases', id)
  if redis.call('HINCRBY', K .. 'running', model, -1) <= 0 then
    redis.call('HDEL', K .. 'running', model)
  end
end

-- drops the records of jobs that ended before `before`, and of the oldest beyond `most`
local function trim(set, before, most)
  local key = K .. set
  local over = redis.call('ZCARD', key) - most
  local old = redis.call('ZRANGEBYSCORE', key, '-inf', int(before), 'LIMIT', 0, PROMOTIONS)
  if #old == 0 and over > 0 then
    old = redis.call('ZRANGE', key, 0, math.min(over, PROMOTIONS) - 1)
  end
  for _, id in ipairs(old) do
    redis.call('ZREM', key, id)
    redis.call('DEL', K .. 'job:' .. id, K .. 'body:' .. id, K .. 'trail:' .. id)
  end
end

-- ends a job: state, time, the user's pending count, retention, totals
local function finish(id, at, state, owner)
  redis.call('HSET', K .. 'job:' .. id, 'state', state, 'ended', int(at))
  if redis.call('HINCRBY', K .. 'pending', owner, -1) <= 0 then
    redis.call('HDEL', K .. 'pending', owner)
  end
  redis.call('HINCRBY', K .. 'totals', state, 1)
  local set = state == 'dead' and 'dead' or 'ended'
  redis.call('ZADD', K .. set, int(at), id)
  trim(set, at - 7 * 86400000, 100000)
end
