-- Put behind base.lua in front of the scripts that look at models, owners and their lines, or add to them.
local UNIT = 1000 -- tags count thousandths of a millisecond of predicted work, divided by the weight
local BOOST = 60000 * UNIT -- how far ahead of its turn an urgent job goes
local URGENT = 4503599627370496 -- 2^52: an urgent job's number is below all others, and still exact
local MINUS = 45
-- What a script changes in models, owners, chats and counters is kept here and written once by flush(): every write
-- is also a record in the append-only file.
local models, owners, counters

-- what of a model is kept in memory while a script runs
local COUNTED = { 'v', 'tag', 'running', 'waiting', 'work', 'typical', 'spread' }

local function model_of(name)
  local model = models[name]
  if not model then
    local field = redis.call('HMGET', K .. 'model:' .. name, 'v', 'tag', 'running', 'waiting', 'work', 'typical',
      'spread', 'limit', 'gate', 'paused', 'lane', 'arrivals')
    model = {
      name = name, known = field[1] and true or false, v = tonumber(field[1] or 0), tag = tonumber(field[2] or 0),
      running = tonumber(field[3] or 0), waiting = tonumber(field[4] or 0), work = tonumber(field[5] or 0),
      typical = tonumber(field[6] or 0), spread = tonumber(field[7] or 0),
      limit = tonumber(field[8] or math.huge), gate = field[9], paused = field[10],
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

-- How many messages came of late, and their jobs, in thousandths: of the time of some ten jobs, smoothed; and that time.
local function arriving(model, at)
  local since, messages, jobs = match(model.arrivals or '', '^(%d+) (%d+) (%d+)$')
  local period = 10 * (model.typical > 0 and model.typical or 1000)
  local still = math.exp(-math.max(0, at - tonumber(since or 0)) / period)
  return tonumber(messages or 0) * still, tonumber(jobs or 0) * still, period
end

-- an owner (`bot:user`): jobs that have not ended, jobs in flight; 1 when paused, 2 when parked somewhere, 3 when both
local function own(name, packed)
  local pending, busy, marks = match(packed or '0 0 0', '^(%d+) (%d+) (%d)$')
  local owner = {
    pending = NUMBER[pending], busy = NUMBER[busy], paused = marks == '1' or marks == '3',
    parked = marks == '2' or marks == '3', dirty = false,
  }
  owners[name] = owner
  return owner
end

local function owner_of(name)
  return owners[name] or own(name, redis.call('HGET', K .. 'owners', name))
end

-- all owners of one HMGET
local function know(names)
  local unknown = {}
  for index = 1, #names do
    local name = names[index]
    if owners[name] == nil then
      -- until it is known
      owners[name] = false
      unknown[#unknown + 1] = name
    end
  end
  if #unknown > 0 then
    local packed = redis.call('HMGET', K .. 'owners', unpack(unknown))
    for index = 1, #unknown do
      own(unknown[index], packed[index])
    end
  end
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
      user_limit = tonumber(field[1] or math.huge), chat_limit = tonumber(field[2] or math.huge),
      keep_ms = tonumber(field[3] or 604800000), keep_jobs = tonumber(field[4] or 100000),
      keep_bytes = tonumber(field[5] or 268435456), paused = field[6], closed = field[7],
    }
  end
  return settings[name]
end

local function line_of(model, owner)
  return K .. 'line:' .. model.name .. ':' .. owner
end

-- how far the head of a line, by its number as Redis writes it, brings its owner forward
local function boosted(head)
  return head and byte(head) == MINUS and BOOST or 0
end

-- Where owners stand at a model: by their tag in its ring, by one kept apart, or nowhere. Looked up for many at once,
-- and written once by write_stands().
local function meet(model, names)
  -- in a ring of nobody nobody stands
  local rings = model.queued == 0 and {} or redis.call('ZMSCORE', model.ring, unpack(names))
  local tags = redis.call('ZMSCORE', model.tags, unpack(names))
  for index = 1, #names do
    local name, ring, tag = names[index], rings[index] or nil, tags[index] or nil
    ring, tag = ring and tonumber(ring), tag and tonumber(tag)
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
    local many, joined = 0, 0
    for name, stand in pairs(model.moved) do
      local ring, tag = stand.ring, stand.tag
      if ring then
        rings[many + 1], rings[many + 2] = int(ring), name
        many = many + 2
        joined = joined + (stand.ringed and 0 or 1)
      elseif stand.ringed then
        left[#left + 1] = name
      end
      if tag then
        tags[#tags + 1] = int(tag)
        tags[#tags + 1] = name
      elseif stand.tagged then
        dropped[#dropped + 1] = name
      end
      stand.ringed, stand.tagged = ring ~= nil, tag ~= nil
    end
    model.moved = {}
    if model.queued then
      model.queued = model.queued + joined - #left
    end
    if many > 0 then
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

-- Puts waiting jobs, in their order (number, id, …), into their owner's line; a job that comes back keeps the place that
-- its number gave it. Whether the owner came to stand at the model's time by that.
local function enqueue(model, owner, cost, jobs)
  local line, before = line_of(model, owner), math.huge
  if owner_of(owner).pending > 0 then
    before = tonumber(redis.call('ZRANGE', line, '0', '0', 'WITHSCORES')[2] or math.huge)
  end
  local head = math.min(before, tonumber(jobs[1]))
  redis.call('ZADD', line, unpack(jobs))
  local newcomer = false
  if before == math.huge then
    newcomer = join_ring(model, owner, int(head))
  elseif head < 0 and before >= 0 then
    boost(model, owner, BOOST)
  end
  model.waiting = model.waiting + #jobs / 2
  model.work = model.work + cost
  -- a job behind others changes numbers, not whether there is something to claim
  model.dirty = model.dirty or 'numbers'
  return newcomer
end

-- set by prelude/ends.lua
local write_ends

-- whether a model's waiting jobs may be claimed now
local function open(model)
  return not model.paused and model.running < model.limit and not model.gate
    and queued(model) > 0
end

-- Writes what was kept back. A model that is open and was not before, or is still, and whose jobs this caller will not
-- claim, has a worker woken.
local function flush(at, claiming)
  save(true)
  write_stands()
  write_ends(at)
  for name, model in pairs(models) do
    if model.dirty then
      if not model.known then
        redis.call('SADD', K .. 'models', name)
      end
      set_gauge('waiting', gauge('waiting') + model.waiting - model.read.waiting)
      local changed = {}
      for _, field in ipairs(COUNTED) do
        if not model.known or model[field] ~= model.read[field] then
          local value = model[field]
          changed[#changed + 1] = field
          changed[#changed + 1] = value < 1000 and TEXT[value] or int(value)
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
        if model.listed ~= false then
          redis.call('ZREM', K .. 'lanes', name)
        end
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
  local set, gone, many = {}, {}, 0
  for name, owner in pairs(owners) do
    if owner.dirty and owner.pending <= 0 and owner.busy <= 0 and not owner.paused and not owner.parked then
      gone[#gone + 1] = name
    elseif owner.dirty then
      local marks = owner.paused and (owner.parked and ' 3' or ' 1') or owner.parked and ' 2' or ' 0'
      set[many + 1], set[many + 2] = name, TEXT[owner.pending] .. ' ' .. TEXT[owner.busy] .. marks
      many = many + 2
    end
  end
  if many > 0 then
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
