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
  local line = int(at) .. '\31' .. kind .. '\31' .. (actor or '') .. '\31' .. (detail or '')
  if redis.call('RPUSH', key, line) > 200 then
    redis.call('LTRIM', key, -200, -1)
  end
end

-- puts a waiting job in line; a job that comes back keeps the place its number gave it
local function enline(id, model, seq)
  redis.call('ZADD', K .. 'line:' .. model, seq, id)
  redis.call('ZADD', K .. 'lanes', 'LT', seq, model)
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
  local entries = {}
  for index = 1, math.min(count, 16) do
    entries[index] = '1'
  end
  if redis.call('RPUSH', key, unpack(entries)) > 256 then
    redis.call('LTRIM', key, -256, -1)
  end
end

-- A counter's changes are summed up and written once, by flush() at the script's end: every write is also a record in
-- the append-only file, and these would be the larger part of them.
local sums = {}
local function count(hash, field, by)
  sums[hash] = sums[hash] or {}
  sums[hash][field] = (sums[hash][field] or 0) + by
end

-- moves a job out of the active ones
local function unlease(id, model)
  redis.call('ZREM', K .. 'leases', id)
  count('running', model, -1)
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

-- ends a job: state, time, the user's pending count, retention, totals; further fields of its record may follow
local ends = {}
local function finish(id, at, state, owner, ...)
  redis.call('HSET', K .. 'job:' .. id, 'state', state, 'ended', int(at), ...)
  count('pending', owner, -1)
  count('totals', state, 1)
  local set = state == 'dead' and 'dead' or 'ended'
  redis.call('ZADD', K .. set, int(at), id)
  ends[set] = at
end

-- writes what count() summed up, and drops old records where finish() added some
local function flush()
  for hash, fields in pairs(sums) do
    for field, by in pairs(fields) do
      local left = by ~= 0 and redis.call('HINCRBY', K .. hash, field, int(by))
      -- per model and per user: a field that says nothing is not kept
      if left and left <= 0 and (hash == 'running' or hash == 'pending') then
        redis.call('HDEL', K .. hash, field)
      end
    end
  end
  for set, at in pairs(ends) do
    trim(set, at - 7 * 86400000, 100000)
  end
end
