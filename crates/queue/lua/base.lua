-- Put in front of the library: keys, clock, trail, waking, the workers' coming and going.
-- A library is loaded once and its functions stay; what belongs to one call stands in variables that begin()
-- (prelude/begin.lua) sets before each. KEYS[1] is the prefix of all keys of the shard, hash tag included, so that every
-- key built from it lies in the slot of the declared keys.
local register = redis.register_function
local function globals()
  -- a library finds these only when it is called
  return redis, string, table, math, pairs, ipairs, unpack, tonumber, next, rawset, setmetatable
end
-- a local is found without looking for its name
local redis, string, table, math, pairs, ipairs, unpack, tonumber, next, rawset, setmetatable
local format, match, floor, byte
local K
local LIMIT = 64 -- most promotions, reaps, trims or parkings of one step: bounds its time

-- A script has one moment: a machine may stand still between two looks at the clock, and what was found in time by the
-- first would take leases for expired by the second.
local moment
local function now()
  if not moment then
    local time = redis.call('TIME')
    moment = tonumber(time[1]) * 1000 + floor(tonumber(time[2]) / 1000)
  end
  return moment
end

-- Whole numbers beyond 10^14 lose digits under Lua's own tostring, so also in a `..`; as an argument of a command they
-- are exact up to 2^53, since Redis writes those itself: but slowly, and so what is passed often is a text already.
local function int(number)
  -- printing a floating number costs several times as much
  return format(number % 1 == 0 and '%d' or '%.0f', number)
end

-- Texts of numbers and numbers of texts that come again and again: a look-up costs a tenth of a conversion.
local TEXT, NUMBER
local remembered = 0 -- in both: they are kept from call to call
local function remembering(convert)
  return setmetatable({}, { __index = function(known, key)
    local value = convert(key)
    rawset(known, key, value)
    remembered = remembered + 1
    return value
  end })
end

-- A job is one value that never changes, written when it was accepted, and one of how it stands, written whole at every
-- transition. Both are fields of two hashes, so that one command reads or writes those of all jobs of a step.
-- `jobs`: model, owner, cost, seq, at, chat, weight, batch, separated by the unit separator; behind a record separator
-- the body.
-- `holds`: state, fence, cancel, worker, claimed, attempt, tag, settled, started, starter, lost, due, ended, bytes,
-- class, separated alike; behind a record separator the head of what was asked and the length of all of it, so that who
-- holds the job need not read the body. A job without one waits, was never claimed, and nothing was written on its way.
-- What workers and bots write on the way is in `job:<id>`, a hash of its own.
-- None of the fields holds a control character, so that `%C*` finds their ends: a class is matched several times as fast
-- as a set.
local FIELD = '\31(%C*)'
local SEVEN = FIELD .. FIELD .. FIELD .. FIELD .. FIELD .. FIELD .. FIELD
local UNHELD = '^(%C*)' .. SEVEN .. '()\30'
local HELD = '^(%C*)' .. SEVEN .. SEVEN .. '\30()(%C*)' .. SEVEN .. '()\30(%d+)$'

-- a job out of one of its values: out of `holds`, or else out of `jobs`
local function job_of(id, asked, held)
  local state, fence, cancel, worker, claimed, attempt, tag, settled = 'waiting', '', '', '', '', '', '', ''
  local started, starter, lost, due, ended, bytes, class, from = '', '', '', '', '', '', '', 1
  local model, owner, cost, seq, at, chat, weight, batch, behind, length
  if held then
    state, fence, cancel, worker, claimed, attempt, tag, settled, started, starter, lost, due, ended, bytes, class,
      from, model, owner, cost, seq, at, chat, weight, batch, behind, length = match(held, HELD)
  else
    model, owner, cost, seq, at, chat, weight, batch, behind = match(asked, UNHELD)
    length = TEXT[#asked]
  end
  -- all in one piece, so that the table has its size from the start
  return {
    id = id, asked = asked, held = held, head = string.sub(held or asked, from, behind - 1), length = length,
    state = state, fence = fence, cancel = cancel, worker = worker, claimed = claimed, attempt = attempt, tag = tag,
    settled = settled, started = started, starter = starter, lost = lost, due = due, ended = ended, bytes = bytes,
    class = class, model = model, owner = owner, cost = NUMBER[cost], seq = seq, at = at,
    chat = chat ~= '' and chat or nil, weight = NUMBER[weight], batch = batch ~= '' and batch or nil,
  }
end

-- the value of `holds`
local function held_of(job)
  -- in one expression: joining a table takes three times as long
  return job.state .. '\31' .. job.fence .. '\31' .. job.cancel .. '\31' .. job.worker .. '\31' .. job.claimed
    .. '\31' .. job.attempt .. '\31' .. job.tag .. '\31' .. job.settled .. '\31' .. job.started
    .. '\31' .. job.starter .. '\31' .. job.lost .. '\31' .. job.due .. '\31' .. job.ended
    .. '\31' .. job.bytes .. '\31' .. job.class .. '\30' .. job.head .. '\30' .. job.length
end

-- The jobs that this call has looked at, as they stand now; what it changed of them is written by save().
local known, changed

-- Jobs in flight by the very value of `holds` that says how they stand: whoever reads that value again need not take it
-- apart. Nothing can be out of date here, since a value says all there is; it is taken out by whoever may change it.
local in_flight, many_in_flight = {}, 0

local function remember(job, held)
  if many_in_flight >= 1024 then
    in_flight, many_in_flight = {}, 0
  end
  -- what it asked is a matter of its claim
  job.held, job.asked = held, nil
  in_flight[held], many_in_flight = job, many_in_flight + 1
end

local function recall(id, held)
  local job = in_flight[held]
  if job and job.id == id then
    in_flight[held], many_in_flight = nil, many_in_flight - 1
    return job
  end
  return job_of(id, nil, held)
end

-- Those of the ids that nobody has looked at yet; with their bodies when they are to be handed out.
local function look(ids, bodies)
  local fresh, unheld = {}, {}
  for index = 1, #ids do
    local id = ids[index]
    local job = known[id]
    if job == nil or bodies and job and not job.asked then
      known[id] = job or false
      fresh[#fresh + 1] = id
    end
  end
  if #fresh == 0 then
    return
  end
  local found = redis.call('HMGET', K .. 'holds', unpack(fresh))
  for index = 1, #fresh do
    local id, held = fresh[index], found[index]
    known[id] = known[id] or held and recall(id, held)
    if bodies or not held then
      unheld[#unheld + 1] = id
    end
  end
  if #unheld == 0 then
    return
  end
  found = redis.call('HMGET', K .. 'jobs', unpack(unheld))
  for index = 1, #unheld do
    local id, asked = unheld[index], found[index]
    local job = known[id]
    if job and asked then
      job.asked = asked
    else
      known[id] = asked and job_of(id, asked, nil)
    end
  end
end

local function job_at(id)
  look({ id })
  return known[id]
end

local function change(job)
  changed[job.id] = job
end

-- writes what changed; `last` when nothing of them will change any more in this call
local function save(last)
  local fields, many = {}, 0
  for id, job in pairs(changed) do
    local held = held_of(job)
    fields[many + 1], fields[many + 2] = id, held
    many = many + 2
    if last and job.state == 'active' then
      remember(job, held)
    end
  end
  if many > 0 then
    redis.call('HSET', K .. 'holds', unpack(fields))
  end
  changed = {}
end

-- A provider's prediction belongs to one job, for longer than the provider keeps it. Whether it is this one's now.
local function take_handle(handle, id)
  local claim = K .. 'handle:' .. redis.sha1hex(handle)
  local holder = redis.call('GET', claim)
  if holder and holder ~= id then
    return false
  end
  redis.call('SET', claim, id, 'EX', 7200)
  return true
end

-- one line of the job's trail: milliseconds, kind, actor, detail, separated by the unit separator
local function note(id, at, kind, actor, detail)
  local key = K .. 'trail:' .. id
  local line = int(at) .. '\31' .. kind .. '\31' .. (actor or '') .. '\31' .. (detail or '')
  if redis.call('RPUSH', key, line) > 200 then
    redis.call('LTRIM', key, -200, -1)
  end
end

-- One entry wakes one idle worker. Those that serve every model listen to `wake`, the others to a list per model. The
-- lists are capped, now and then: an entry more than idle workers only costs a look.
local function ring_bell(list, entries)
  if redis.call('RPUSH', K .. list, unpack(entries)) > 512 then
    redis.call('LTRIM', K .. list, -256, -1)
  end
end

local function wake(model, count)
  local entries = {}
  for index = 1, math.min(count, 16) do
    entries[index] = '1'
  end
  local slots = redis.call('HMGET', K .. 'capacity', '*', model)
  if slots[2] then
    ring_bell('wake:' .. model, entries)
  end
  if slots[1] or not slots[2] then
    ring_bell('wake', entries)
  end
end

-- the same for a model that may have had waiting jobs all the time: no more than one entry lies about
local function nudge(model)
  local slots = redis.call('HMGET', K .. 'capacity', '*', model)
  if slots[1] and redis.call('LLEN', K .. 'wake') == 0 then
    ring_bell('wake', { '1' })
  end
  if slots[2] and redis.call('LLEN', K .. 'wake:' .. model) == 0 then
    ring_bell('wake:' .. model, { '1' })
  end
end

-- Numbers of the whole queue, read together and written together by write_gauges().
local gauges, gauged
local GAUGES = { 'waiting', 'kept', 'turn', 'spare', 'room', 'fence' }

local function gauge(name)
  if not gauges then
    gauges = {}
    for index, value in ipairs(redis.call('HMGET', K .. 'gauge', unpack(GAUGES))) do
      gauges[GAUGES[index]] = tonumber(value or 0)
    end
  end
  return gauges[name]
end

local function set_gauge(name, value)
  if gauge(name) ~= value then
    gauges[name], gauged = value, gauged or {}
    gauged[name] = value
  end
end

local function write_gauges()
  if gauged then
    local fields = {}
    for name, value in pairs(gauged) do
      fields[#fields + 1] = name
      fields[#fields + 1] = int(value)
    end
    redis.call('HSET', K .. 'gauge', unpack(fields))
    gauged = nil
  end
end

-- A worker that was cut off from Redis says so with its first call afterwards (`amnesty` in milliseconds, else 0): most
-- likely nobody else could renew a lease either, so their holders get a moment to come back before the jobs are given
-- to others. Returns until when leases are spared.
local function spared(at, amnesty)
  if amnesty > 0 then
    set_gauge('spare', math.max(gauge('spare'), at + amnesty))
  end
  return gauge('spare')
end

-- A worker begins to serve: its slots count for each of its models, or for all ('*').
local function arrive(worker, slots, about, served)
  redis.call('HSET', K .. 'workers', worker, slots .. '\31' .. table.concat(served, ',') .. '\31' .. about)
  for _, model in ipairs(served) do
    redis.call('HINCRBY', K .. 'capacity', model, slots)
  end
  redis.call('HINCRBY', K .. 'capacity', '', slots)
end

-- a worker is gone
local function leave(worker)
  redis.call('ZREM', K .. 'alive', worker)
  local slots, served = string.match(redis.call('HGET', K .. 'workers', worker) or '', '^(%d+)\31([^\31]*)')
  if slots then
    redis.call('HDEL', K .. 'workers', worker)
    for model in string.gmatch(served .. ',', '([^,]*),') do
      if redis.call('HINCRBY', K .. 'capacity', model, -slots) <= 0 then
        redis.call('HDEL', K .. 'capacity', model)
      end
    end
    if redis.call('HINCRBY', K .. 'capacity', '', -slots) <= 0 then
      redis.call('HDEL', K .. 'capacity', '')
    end
  end
  -- some were killed before they were ever described
  for _, offer in ipairs(redis.call('ZRANGE', K .. 'offers', '0', '-1')) do
    if redis.call('HEXISTS', K .. 'workers', match(offer, '^%C*')) == 0 then
      redis.call('ZREM', K .. 'offers', offer)
    end
  end
end
