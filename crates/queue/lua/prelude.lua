-- Put behind base.lua in front of the scripts that move jobs: models, owners, lines and rings, limits, ends.
local UNIT = 1000 -- tags count thousandths of a millisecond of predicted work, divided by the weight
local BOOST = 60000 * UNIT -- how far ahead of its turn an urgent job goes
local URGENT = 4503599627370496 -- 2^52: an urgent job's number is below all others, and still exact

-- one line of what operators did
local function log(at, actor, kind, detail)
  redis.call('RPUSH', K .. 'actions', int(at) .. '\31' .. kind .. '\31' .. actor .. '\31' .. detail)
  redis.call('LTRIM', K .. 'actions', -1000, -1)
end

-- What a script changes in models, owners, chats and counters is kept here and written once by flush(): every write
-- is also a record in the append-only file.
local models, owners, counters, ends, joining = {}, {}, {}, {}, {}

-- what of a model is kept in memory while a script runs
local COUNTED = { 'v', 'tag', 'running', 'waiting', 'work', 'typical', 'spread' }

local function model_of(name)
  local model = models[name]
  if not model then
    local field = redis.call('HMGET', K .. 'model:' .. name, 'v', 'tag', 'running', 'waiting', 'work', 'typical',
      'spread', 'limit', 'gate', 'paused', 'lane', 'arrivals')
    model = {
      name = name, known = field[1] and true or false, v = tonumber(field[1] or '0'), tag = tonumber(field[2] or '0'),
      running = tonumber(field[3] or '0'), waiting = tonumber(field[4] or '0'), work = tonumber(field[5] or '0'),
      typical = tonumber(field[6] or '0'), spread = tonumber(field[7] or '0'),
      limit = tonumber(field[8] or 'inf') or math.huge, gate = field[9], paused = field[10],
      lane = field[11] or name, arrivals = field[12], ring = K .. 'ring:' .. name, tags = K .. 'tags:' .. name,
      stands = {}, moved = {},
    }
    model.read = { arrivals = model.arrivals }
    for _, each in ipairs(COUNTED) do
      model.read[each] = model[each]
    end
    models[name] = model
  end
  return model
end

-- How many thousandths of a slot the jobs of newcomers keep busy, who go ahead of all but the first jobs of others:
-- smoothed over the time of some twenty jobs; and that time.
local function arriving(model, at)
  local since, rate = string.match(model.arrivals or '', '^(%d+) (%d+)$')
  local period = 20 * (model.typical > 0 and model.typical or 1000)
  return tonumber(rate or '0') * math.exp(-math.max(0, at - tonumber(since or '0')) / period), period
end

-- an owner (`bot:user`): jobs that have not ended, jobs in flight; 1 when paused, 2 when parked somewhere, 3 when both
local function own(name, packed)
  local pending, busy, marks = string.match(packed or '', '^(%d+) (%d+) (%d)$')
  local owner = {
    pending = tonumber(pending or '0'), busy = tonumber(busy or '0'), paused = marks == '1' or marks == '3',
    parked = marks == '2' or marks == '3',
  }
  owners[name] = owner
  return owner
end

local function owner_of(name)
  return owners[name] or own(name, redis.call('HGET', K .. 'owners', name))
end

local function count(hash, field, by)
  counters[hash] = counters[hash] or {}
  counters[hash][field] = (counters[hash][field] or 0) + by
end

local settings
local function setting(name)
  if not settings then
    local field = redis.call('HMGET', K .. 'settings', 'user_limit', 'chat_limit', 'keep_ms', 'keep_jobs',
      'keep_bytes', 'paused', 'closed')
    settings = {
      user_limit = tonumber(field[1] or 'inf') or math.huge, chat_limit = tonumber(field[2] or 'inf') or math.huge,
      keep_ms = tonumber(field[3] or '604800000'), keep_jobs = tonumber(field[4] or '100000'),
      keep_bytes = tonumber(field[5] or '268435456'), paused = field[6], closed = field[7],
    }
  end
  return settings[name]
end

local function line_of(model, owner)
  return K .. 'line:' .. model.name .. ':' .. owner
end

local function boosted(head)
  return head and tonumber(head) < 0 and BOOST or 0
end

-- Where owners stand at a model: by their tag in its ring, by one kept apart, or nowhere. Looked up for many at once,
-- and written once by write_stands().
local function meet(model, names)
  local rings, tags = redis.call('ZMSCORE', model.ring, unpack(names)), redis.call('ZMSCORE', model.tags, unpack(names))
  for index, name in ipairs(names) do
    local ring, tag = tonumber(rings[index] or ''), tonumber(tags[index] or '')
    model.stands[name] = { ring = ring, tag = tag, ringed = ring ~= nil, tagged = tag ~= nil }
  end
end

local function stand_of(model, name)
  if not model.stands[name] then
    meet(model, { name })
  end
  return model.stands[name]
end

local function move(model, name, ring, tag)
  local stand = stand_of(model, name)
  stand.ring, stand.tag = ring, tag
  model.moved[name] = stand
end

local function write_stands()
  for _, model in pairs(models) do
    local rings, left, tags, dropped = {}, {}, {}, {}
    for name, stand in pairs(model.moved) do
      if stand.ring then
        rings[#rings + 1] = int(stand.ring)
        rings[#rings + 1] = name
      elseif stand.ringed then
        left[#left + 1] = name
      end
      if stand.tag then
        tags[#tags + 1] = int(stand.tag)
        tags[#tags + 1] = name
      elseif stand.tagged then
        dropped[#dropped + 1] = name
      end
      if model.queued then
        model.queued = model.queued + (stand.ring and 1 or 0) - (stand.ringed and 1 or 0)
      end
      stand.ringed, stand.tagged = stand.ring ~= nil, stand.tag ~= nil
    end
    model.moved = {}
    if #rings > 0 then
      redis.call('ZADD', model.ring, unpack(rings))
    end
    if #left > 0 then
      redis.call('ZREM', model.ring, unpack(left))
    end
    if #tags > 0 then
      redis.call('ZADD', model.tags, unpack(tags))
    end
    if #dropped > 0 then
      redis.call('ZREM', model.tags, unpack(dropped))
    end
  end
end

-- how many owners wait for a model
local function queued(model)
  model.queued = model.queued or redis.call('ZCARD', model.ring)
  return model.queued
end

-- puts an owner whose line has a job among those that wait for the model; whether it stands at the model's time
local function join_ring(model, owner, head)
  local tag = stand_of(model, owner).tag or 0
  move(model, owner, math.max(model.v, tag) - boosted(head), nil)
  model.dirty = true
  return tag <= model.v
end

-- the tag of an owner without a waiting job: kept apart while it lies ahead of the model's time
local function ahead(model, tag)
  return tag > model.v and tag or nil
end

-- an owner in a ring goes ahead of its turn, or back to it
local function boost(model, owner, by)
  local stand = stand_of(model, owner)
  if stand.ring then
    move(model, owner, stand.ring - by, stand.tag)
  end
end

-- Puts waiting jobs into their owner's line; a job that comes back keeps the place that its number gave it. Whether the
-- owner came to stand at the model's time by that.
local function enqueue(model, owner, cost, ...)
  local line, jobs, before = line_of(model, owner), { ... }, math.huge
  if owner_of(owner).pending > 0 then
    before = tonumber(redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')[2] or 'inf') or math.huge
  end
  local head = before
  for index = 1, #jobs, 2 do
    head = math.min(head, tonumber(jobs[index]))
  end
  redis.call('ZADD', line, unpack(jobs))
  local newcomer = false
  if before == math.huge then
    newcomer = join_ring(model, owner, head)
  elseif boosted(head) ~= boosted(before) then
    boost(model, owner, BOOST)
  end
  model.waiting = model.waiting + #jobs / 2
  model.work = model.work + cost
  -- a job behind others changes numbers, not whether there is something to claim
  model.dirty = model.dirty or 'numbers'
  return newcomer
end

-- Lets jobs back to their lines that met their chat full: of each line as many as the chat has room for, since nobody
-- knows which of them may run. What is too much for one step, the next ones go on with: `since` is when they began.
local function unhold(at, chat, busy, since)
  local room, key = setting('chat_limit') - busy, K .. 'held:' .. chat
  if room <= 0 or redis.call('EXISTS', key) == 0 then
    return
  end
  local latest = since and '(' .. since or '+inf'
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', latest, 'LIMIT', 0, LIMIT)) do
    local name, owner = string.match(each, '^([^:]*):(.*)$')
    local popped, jobs = redis.call('ZPOPMIN', key .. ':' .. each, math.min(room, LIMIT)), {}
    for index = 1, #popped, 2 do
      jobs[index], jobs[index + 1] = popped[index + 1], popped[index]
    end
    local model = model_of(name)
    enqueue(model, owner, 0, unpack(jobs))
    -- they were counted as waiting all the time
    model.waiting = model.waiting - #jobs / 2
    if redis.call('EXISTS', key .. ':' .. each) == 0 then
      redis.call('ZREM', key, each)
    else
      redis.call('ZADD', key, room > LIMIT and '0' or int(at), each)
    end
  end
  if redis.call('EXISTS', key) == 0 then
    redis.call('SREM', K .. 'held', chat)
  elseif redis.call('ZCOUNT', key, '-inf', '(' .. (since or int(at))) > 0 then
    redis.call('ZADD', K .. 'roomy', since or int(at), chat)
    set_gauge('room', 1)
  end
end

-- a waiting job met its chat full
local function hold_back(model, owner, chat, id, place)
  local key, line = K .. 'held:' .. chat, model.name .. ':' .. owner
  redis.call('ZADD', key .. ':' .. line, place, id)
  redis.call('ZADD', key, 'NX', '0', line)
  redis.call('SADD', K .. 'held', chat)
end

-- an owner is parked nowhere any more
local function unlist(name)
  redis.call('SREM', K .. 'parked', name)
  local owner = owner_of(name)
  owner.parked, owner.dirty = false, true
end

-- takes one waiting job out of its line, wherever it stands there
local function leave_line(at, model, job)
  local owner, id, chat = job.owner, job.id, job.chat
  local line = line_of(model, owner)
  local before = redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')
  model.waiting = model.waiting - 1
  model.work = model.work - job.cost
  model.dirty = true
  if redis.call('ZREM', line, id) == 0 then
    local key, each = K .. 'held:' .. (chat or ''), model.name .. ':' .. owner
    redis.call('ZREM', key .. ':' .. each, id)
    if redis.call('EXISTS', key .. ':' .. each) == 0 then
      redis.call('ZREM', key, each)
      if redis.call('EXISTS', key) == 0 then
        redis.call('SREM', K .. 'held', chat or '')
      end
    end
    return
  end
  local head = redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')
  if not head[1] then
    local tag = stand_of(model, owner).ring
    if tag then
      move(model, owner, nil, ahead(model, tag + boosted(before[2])))
    else
      redis.call('SREM', K .. 'parked:' .. owner, model.name)
      if redis.call('EXISTS', K .. 'parked:' .. owner) == 0 then
        unlist(owner)
      end
    end
  elseif boosted(head[2]) ~= boosted(before[2]) then
    boost(model, owner, -BOOST)
  end
  if chat then
    -- it may have come back in the place of others
    unhold(at, chat, tonumber(redis.call('HGET', K .. 'chats', chat) or '0'))
  end
end

-- an owner who may not have more jobs in flight leaves the rings, one by one as claims meet it
local function park(model, name)
  redis.call('SADD', K .. 'parked:' .. name, model.name)
  redis.call('SADD', K .. 'parked', name)
  local owner = owner_of(name)
  owner.parked, owner.dirty = true, true
end

-- brings back an owner who may have more jobs in flight again
local function unpark(name)
  local key = K .. 'parked:' .. name
  for _, each in ipairs(redis.call('SMEMBERS', key)) do
    local model = model_of(each)
    local head = redis.call('ZRANGE', line_of(model, name), 0, 0, 'WITHSCORES')
    if head[1] then
      join_ring(model, name, head[2])
    end
  end
  redis.call('DEL', key)
  unlist(name)
end

-- a job is no longer in flight: its model, owner and chat may take another
local function release(at, model, name, chat)
  model.running = model.running - 1
  model.dirty = true
  local owner = owner_of(name)
  owner.busy = owner.busy - 1
  owner.dirty = true
  if owner.busy < setting('user_limit') and not owner.paused and owner.parked then
    unpark(name)
  end
  if chat then
    local busy = redis.call('HINCRBY', K .. 'chats', chat, -1)
    if busy <= 0 then
      redis.call('HDEL', K .. 'chats', chat)
    end
    unhold(at, chat, busy)
  end
end

-- charges an owner for more or less than was predicted; `tag` is its finish tag after the job in question
local function charge(model, name, by, tag)
  by = math.floor(by)
  if by == 0 then
    return
  end
  local stand = stand_of(model, name)
  if stand.ring then
    return move(model, name, stand.ring + by, stand.tag)
  end
  local kept = stand.tag or 0
  -- of a tag that was forgotten only the job's own is known
  move(model, name, nil, ahead(model, (kept > model.v and kept or tag) + by))
end

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
  job.state, job.ended, job.bytes = state, stamp_of(at), int(bytes)
  change(job)
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
  local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
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

-- whether a model's waiting jobs may be claimed now
local function open(model)
  return not model.paused and model.running < model.limit and not model.gate
    and queued(model) > 0
end

-- Writes what was kept back. A model that is open and was not before, or is still, and whose jobs this caller will not
-- claim, has a worker woken.
local function flush(at, claiming)
  save()
  write_stands()
  join(at)
  for set, list in pairs(ends) do
    redis.call('ZADD', K .. set, unpack(list))
  end
  if next(ends) then
    -- the successes go first: there are more of them, and fewer questions about them
    retain('ended', at)
    retain('dead', at)
  end
  for name, model in pairs(models) do
    if model.dirty then
      if not model.known then
        redis.call('SADD', K .. 'models', name)
      end
      set_gauge('waiting', gauge('waiting') + model.waiting - model.read.waiting)
      local changed = {}
      for _, field in ipairs(COUNTED) do
        if not model.known or model[field] ~= model.read[field] then
          changed[#changed + 1] = field
          changed[#changed + 1] = int(model[field])
        end
      end
      if model.arrivals ~= model.read.arrivals then
        changed[#changed + 1] = 'arrivals'
        changed[#changed + 1] = model.arrivals
      end
      if #changed > 0 then
        redis.call('HSET', K .. 'model:' .. name, unpack(changed))
      end
      -- whose numbers alone changed stands where it stood
      local moved = model.dirty ~= 'numbers'
      if moved and not open(model) then
        redis.call('ZREM', K .. 'lanes', name)
      elseif moved then
        if model.turn then
          redis.call('ZADD', K .. 'lanes', int(model.turn), name)
        else
          redis.call('ZADD', K .. 'lanes', 'NX', int(math.max(gauge('turn'), model.tag)), name)
        end
        if not claiming then
          nudge(name)
        end
      end
    end
  end
  local set, gone = {}, {}
  for name, owner in pairs(owners) do
    if owner.dirty and owner.pending <= 0 and owner.busy <= 0 and not owner.paused and not owner.parked then
      gone[#gone + 1] = name
    elseif owner.dirty then
      set[#set + 1] = name
      set[#set + 1] = owner.pending .. ' ' .. owner.busy .. ' ' .. (owner.paused and 1 or 0) + (owner.parked and 2 or 0)
    end
  end
  if #set > 0 then
    redis.call('HSET', K .. 'owners', unpack(set))
  end
  if #gone > 0 then
    redis.call('HDEL', K .. 'owners', unpack(gone))
  end
  write_gauges()
  for hash, fields in pairs(counters) do
    for field, by in pairs(fields) do
      if by ~= 0 then
        redis.call('HINCRBY', K .. hash, field, int(by))
      end
    end
  end
end
