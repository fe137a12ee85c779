-- Put behind prelude/limits.lua: the ends of jobs.

-- per set what ended, and per batch how many of it: kept here and written once by flush()
local ends, joining

-- something that a worker must tell a chat: `job:<id>` or `batch:<id>`
local function notify(at, what)
  redis.call('ZADD', K .. 'notices', int(at), what)
  redis.call('ZREMRANGEBYRANK', K .. 'notices', 0, -10001)
  if redis.call('LLEN', K .. 'news') == 0 then
    ring_bell('news', { '1' })
  end
end

-- What a finished job takes in memory beside the value that was written when it was accepted: how it stood, its places
-- in sets and lists, what was written on the way.
local RECORD = 700

-- a script has one clock: its time is written once
local stamp
local function stamp_of(at)
  stamp = stamp or int(at)
  return stamp
end

-- ends a job: state, time, retention, totals, its batch
local function finish(job, at, state)
  local id, batch, bytes = job.id, job.batch, RECORD + job.length
  job.state, job.ended, job.bytes = state, stamp_of(at), TEXT[bytes]
  change(job)
  book.close(id)
  set_gauge('kept', gauge('kept') + bytes)
  local owner = owner_of(job.owner)
  owner.pending = owner.pending - 1
  owner.dirty = true
  count('totals', state, 1)
  local set = state == 'dead' and 'dead' or 'ended'
  ends[set] = ends[set] or {}
  ends[set][#ends[set] + 1] = job.ended
  ends[set][#ends[set] + 1] = id
  if batch then
    joining[batch] = (joining[batch] or 0) + 1
  end
end

-- counts down what is left of batches; the last job of one joins it
local function join(at)
  local names, lefts, done = {}, {}, {}
  for batch in pairs(joining) do
    names[#names + 1] = batch
  end
  if #names == 0 then
    return
  end
  for index, left in ipairs(redis.call('HMGET', K .. 'batches', unpack(names))) do
    local batch = names[index]
    local after = tonumber(left or '0') - joining[batch]
    if left and after == 0 then
      done[#done + 1] = batch
      redis.call('HSET', K .. 'batch:' .. batch, 'joined', int(at))
      redis.call('EXPIRE', K .. 'batch:' .. batch, math.ceil(setting('keep_ms') / 1000))
      notify(at, 'batch:' .. batch)
    elseif left then
      lefts[#lefts + 1] = batch
      lefts[#lefts + 1] = after
    end
  end
  if #lefts > 0 then
    redis.call('HSET', K .. 'batches', unpack(lefts))
  end
  if #done > 0 then
    redis.call('HDEL', K .. 'batches', unpack(done))
  end
end

-- drops the records of jobs that ended too long ago, or are too many, or too large together
local function drop(set, ids)
  if #ids == 0 then
    return
  end
  local keys = {}
  look(ids)
  for _, id in ipairs(ids) do
    set_gauge('kept', gauge('kept') - (known[id] and tonumber(known[id].bytes) or 0))
    known[id] = false
    keys[#keys + 1] = K .. 'job:' .. id
    keys[#keys + 1] = K .. 'trail:' .. id
  end
  redis.call('ZREM', K .. set, unpack(ids))
  redis.call('HDEL', K .. 'jobs', unpack(ids))
  redis.call('HDEL', K .. 'holds', unpack(ids))
  redis.call('DEL', unpack(keys))
end

local function retain(set, at)
  local key, ids = K .. set, {}
  local over = redis.call('ZCARD', key) - setting('keep_jobs')
  local kept = gauge('kept')
  local function stays(time)
    return over <= 0 and tonumber(time) > at - setting('keep_ms') and kept <= setting('keep_bytes')
  end
  local oldest = redis.call('ZRANGE', key, '0', '0', 'WITHSCORES')
  if not oldest[1] or stays(oldest[2]) then
    return
  end
  oldest = redis.call('ZRANGE', key, 0, LIMIT - 1, 'WITHSCORES')
  for index = 1, #oldest, 2 do
    ids[#ids + 1] = oldest[index]
  end
  look(ids)
  ids = {}
  for index = 1, #oldest, 2 do
    if stays(oldest[index + 1]) then
      break
    end
    local job = known[oldest[index]]
    ids[#ids + 1] = oldest[index]
    kept, over = kept - (job and tonumber(job.bytes) or 0), over - 1
  end
  drop(set, ids)
end

write_ends = function(at)
  join(at)
  book.settle(at)
  for set, list in pairs(ends) do
    redis.call('ZADD', K .. set, unpack(list))
  end
  if next(ends) then
    -- the successes go first: there are more of them, and fewer questions about them
    retain('ended', at)
    retain('dead', at)
  end
end
