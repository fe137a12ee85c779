-- Looks whether the keys agree with each other: one job in one place, counters equal to what they count, caps kept,
-- nothing stuck. Remembers what it saw, to notice what may not fall.
-- KEYS  1 prefix
-- ARGV  1 most promotions and the like of a step
-- Result {what is wrong, …}
-- Cost  O(everything), for small worlds only.
local K, BOOST, BOUND = KEYS[1], 60000 * 1000, tonumber(ARGV[1])
local MEMORY = 'memory of the check'
local faults = {}
local function fault(...)
  faults[#faults + 1] = string.format(...)
end

-- 1. everything, by kind

local jobs, places, lines, rings, tags, parked_in, bodies, trails, batches =
  {}, {}, {}, {}, {}, {}, {}, {}, {}
local function put(id, place)
  places[id] = places[id] or {}
  table.insert(places[id], place)
end
local function hash(key)
  local fields, result = redis.call('HGETALL', key), {}
  for index = 1, #fields, 2 do
    result[fields[index]] = fields[index + 1]
  end
  return result
end
local function scores(key)
  local members, result = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'), {}
  for index = 1, #members, 2 do
    result[members[index]] = tonumber(members[index + 1])
  end
  return result
end
local held = {}
for _, key in ipairs(redis.call('KEYS', K .. '*')) do
  local kind, rest = string.match(key, '^([^:]*):?(.*)$', #K + 1)
  if kind == 'job' then
    jobs[rest] = hash(key)
  elseif kind == 'body' then
    bodies[rest] = true
  elseif kind == 'trail' then
    trails[rest] = true
  elseif kind == 'line' then
    local model, owner = string.match(rest, '^([^:]*):(.*)$')
    lines[model] = lines[model] or {}
    lines[model][owner] = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    for id, score in pairs(scores(key)) do
      put(id, { 'waiting', key, score, model, owner })
    end
  elseif kind == 'ring' then
    rings[rest] = scores(key)
  elseif kind == 'tags' then
    tags[rest] = scores(key)
  elseif kind == 'parked' and rest ~= '' then
    for _, model in ipairs(redis.call('SMEMBERS', key)) do
      parked_in[model] = parked_in[model] or {}
      parked_in[model][rest] = true
    end
  elseif kind == 'held' and string.match(rest, '^[^:]*:[^:]*:') then
    local chat, model, owner = string.match(rest, '^([^:]*:[^:]*):([^:]*):(.*)$')
    if not redis.call('ZSCORE', K .. 'held:' .. chat, model .. ':' .. owner) then
      fault('%s holds jobs and nobody knows', key)
    end
    for id, score in pairs(scores(key)) do
      put(id, { 'waiting', key, score, model, owner })
      held[id] = true
    end
  elseif kind == 'held' and rest ~= '' then
    if redis.call('SISMEMBER', K .. 'held', rest) == 0 then
      fault('%s holds jobs and nobody knows', key)
    end
    for line in pairs(scores(key)) do
      if redis.call('EXISTS', key .. ':' .. line) == 0 then
        fault('%s is remembered and holds nothing', key .. ':' .. line)
      end
    end
  elseif kind == 'batch' then
    batches[rest] = hash(key)
  end
end
local at = tonumber(redis.call('GET', K .. 'clock'))
local settings, gauge = hash(K .. 'settings'), hash(K .. 'gauge')
local user_limit = tonumber(settings.user_limit or 'inf') or math.huge
local chat_limit = tonumber(settings.chat_limit or 'inf') or math.huge
for _, set in ipairs({ 'delayed', 'leases', 'ended', 'dead' }) do
  for id, score in pairs(scores(K .. set)) do
    put(id, { set, set, score })
  end
end

-- 2. each job in its one place, and what is to be counted

local running, waiting, work, pending, busy, chatting, waits_in_chat = {}, {}, {}, {}, {}, {}, {}
local fences, kept, all_waiting = {}, 0, 0
local function add(counts, name, by)
  counts[name] = (counts[name] or 0) + by
end
local fence = tonumber(redis.call('GET', K .. 'fence') or '0')
local PLACE = { waiting = 'waiting', delayed = 'delayed', active = 'leases', done = 'ended', cancelled = 'ended', dead = 'dead' }
for id, job in pairs(jobs) do
  local place = places[id] or {}
  if #place ~= 1 then
    fault('job %s (%s) is in %d places', id, job.state, #place)
  elseif place[1][1] ~= PLACE[job.state] then
    fault('job %s is %s but in %s', id, job.state, place[1][2])
  elseif job.state == 'waiting' and place[1][3] ~= tonumber(job.seq) then
    fault('job %s has number %s but stands at %s', id, job.seq, place[1][3])
  elseif place[1][4] and (place[1][4] ~= job.model or place[1][5] ~= job.owner) then
    fault('job %s of %s on %s stands in %s', id, job.owner, job.model, place[1][2])
  end
  if not bodies[id] then
    fault('job %s has no body', id)
  end
  if job.state == 'active' then
    add(running, job.model, 1)
    add(busy, job.owner, 1)
    if job.chat then
      add(chatting, job.chat, 1)
    end
    if fences[job.fence] then
      fault('jobs %s and %s run under one token', id, fences[job.fence])
    end
    fences[job.fence] = id
  elseif job.state == 'waiting' then
    all_waiting = all_waiting + 1
    add(waiting, job.model, 1)
    add(work, job.model, tonumber(job.cost))
    if job.chat and not held[id] then
      waits_in_chat[job.chat .. ' ' .. job.model .. ' ' .. job.owner] = true
    end
  end
  if job.state == 'waiting' or job.state == 'delayed' or job.state == 'active' then
    add(pending, job.owner, 1)
    if job.bytes or job.ended then
      fault('job %s is %s and has ended', id, job.state)
    end
  else
    kept = kept + tonumber(job.bytes or '0')
    if not job.bytes or not job.ended then
      fault('job %s is %s and was not weighed', id, job.state)
    end
  end
  if job.fence then
    if tonumber(job.fence) > fence then
      fault('job %s has a token that was never given', id)
    end
    local before = tonumber(redis.call('HGET', MEMORY, 'fence ' .. id) or '0')
    if tonumber(job.fence) < before then
      fault('the token of job %s fell', id)
    end
    if tonumber(job.fence) ~= before then
      redis.call('HSET', MEMORY, 'fence ' .. id, job.fence)
    end
  end
end
for id, place in pairs(places) do
  if not jobs[id] then
    fault('%s holds job %s, which has no record', place[1][2], id)
  end
end
for _, left in ipairs({ bodies, trails }) do
  for id in pairs(left) do
    if not jobs[id] then
      fault('something is left of job %s', id)
    end
  end
end

-- 3. counters and caps

local function equal(what, counted, expected)
  if (tonumber(counted) or 0) ~= (expected or 0) then
    fault('%s: %s are counted, %s there are', what, tostring(counted), tostring(expected or 0))
  end
end
-- a cap may be exceeded only by what ran before it was lowered
local function cap(what, count, limit)
  local before = tonumber(redis.call('HGET', MEMORY, what) or '0')
  if count > limit and count > before then
    fault('%s: %d run, %d may', what, count, limit)
  end
  if count ~= before then
    redis.call('HSET', MEMORY, what, count)
  end
end
local models, open = {}, {}
for _, name in ipairs(redis.call('SMEMBERS', K .. 'models')) do
  local model = hash(K .. 'model:' .. name)
  models[name] = model
  equal('running on ' .. name, model.running, running[name])
  equal('waiting for ' .. name, model.waiting, waiting[name])
  equal('work for ' .. name, model.work, work[name])
  cap('model ' .. name, running[name] or 0, tonumber(model.limit or 'inf') or math.huge)
  open[name] = not model.paused and (running[name] or 0) < (tonumber(model.limit or 'inf') or math.huge)
    and not model.gate and rings[name] ~= nil
end
for name in pairs(rings) do
  if not models[name] then
    fault('model %s is not on the list', name)
  end
end
equal('waiting', gauge.waiting, all_waiting)
equal('bytes', gauge.kept, kept)
local owners = hash(K .. 'owners')
for name, packed in pairs(owners) do
  local owed, flying, paused = string.match(packed, '^(%-?%d+) (%-?%d+) (%d)$')
  equal('pending of ' .. name, owed, pending[name])
  equal('in flight of ' .. name, flying, busy[name])
  cap('owner ' .. name, busy[name] or 0, user_limit)
  if packed == '0 0 0' then
    fault('owner %s is kept for nothing', name)
  end
  if (paused == '1') ~= (redis.call('HEXISTS', K .. 'pauses', name) == 1) then
    fault('owner %s is paused for no reason', name)
  end
  pending[name] = nil
end
for name in pairs(pending) do
  fault('owner %s is not counted', name)
end
local chats = hash(K .. 'chats')
for name, count in pairs(chats) do
  equal('in flight of chat ' .. name, count, chatting[name])
  cap('chat ' .. name, chatting[name] or 0, chat_limit)
  chatting[name] = nil
end
for name in pairs(chatting) do
  fault('chat %s is not counted', name)
end
local fell = tonumber(redis.call('HGET', MEMORY, 'fence') or '0')
if fence < fell then
  fault('the token fell')
end
redis.call('HSET', MEMORY, 'fence', string.format('%.0f', fence))

-- 4. rings: who waits and may run stands there, or is parked for a reason

local function kind_of(owner)
  local flying, paused = string.match(owners[owner] or '0 0 0', '^%-?%d+ (%-?%d+) (%d)$')
  return tonumber(flying), paused == '1'
end
local parked, roomy = {}, scores(K .. 'roomy')
if next(roomy) and not gauge.room then
  fault('chats have room and no step knows')
end
for model, each in pairs(parked_in) do
  for owner in pairs(each) do
    local flying, paused = kind_of(owner)
    parked[owner] = true
    if flying < user_limit and not paused then
      fault('owner %s is parked at %s for no reason', owner, model)
    end
    if not (lines[model] or {})[owner] then
      fault('owner %s is parked at %s without a job', owner, model)
    end
    if (rings[model] or {})[owner] then
      fault('owner %s is parked and in the ring of %s', owner, model)
    end
    if redis.call('SISMEMBER', K .. 'parked', owner) == 0 then
      fault('owner %s is parked but not on the list', owner)
    end
  end
end
for _, owner in ipairs(redis.call('SMEMBERS', K .. 'parked')) do
  if not parked[owner] then
    fault('owner %s is on the list of the parked for nothing', owner)
  end
end
for model, each in pairs(lines) do
  for owner in pairs(each) do
    if not (rings[model] or {})[owner] and not (parked_in[model] or {})[owner] then
      fault('owner %s waits for %s and nobody knows', owner, model)
    end
  end
end
for model, each in pairs(rings) do
  for owner in pairs(each) do
    if not (lines[model] or {})[owner] then
      fault('owner %s is in the ring of %s without a job', owner, model)
    end
    if (tags[model] or {})[owner] then
      fault('owner %s has two tags at %s', owner, model)
    end
  end
end
for _, chat in ipairs(redis.call('SMEMBERS', K .. 'held')) do
  if redis.call('EXISTS', K .. 'held:' .. chat) == 0 then
    fault('chat %s holds nothing back and is on the list', chat)
  end
end
for id in pairs(held) do
  local job = jobs[id]
  if job and tonumber(chats[job.chat] or '0') < chat_limit and not roomy[job.chat]
    and not waits_in_chat[job.chat .. ' ' .. job.model .. ' ' .. job.owner] then
    fault('job %s waits for chat %s, which has room', id, job.chat)
  end
end

-- 5. models that may be claimed from, and those that come back

local gates = scores(K .. 'gates')
for name, model in pairs(models) do
  if tonumber(model.gate or '-1') ~= (gates[name] or -1) then
    fault('model %s comes back at another moment than it opens', name)
  end
end
local lanes = scores(K .. 'lanes')
for name in pairs(lanes) do
  if not open[name] then
    fault('model %s has a turn and is not open', name)
  end
end
for name, is_open in pairs(open) do
  if is_open and not lanes[name] then
    fault('model %s is open and has no turn', name)
  end
end

-- 6. batches, notices, workers

for id, batch in pairs(batches) do
  local left = tonumber(batch.left or '0')
  if left < 0 or not batch.of
    or left ~= tonumber(batch.of) - (batch.done or 0) - (batch.cancelled or 0) - (batch.dead or 0) then
    fault('batch %s: %s are left of %s', id, tostring(batch.left), tostring(batch.of))
  elseif (left == 0) ~= (batch.joined ~= nil) then
    fault('batch %s: %d left, joined %s', id, left, tostring(batch.joined))
  end
end
local alive, workers, capacity = scores(K .. 'alive'), hash(K .. 'workers'), hash(K .. 'capacity')
local slots = {}
for name, about in pairs(workers) do
  local count, served = string.match(about, '^(%d+)\31([^\31]*)')
  if not alive[name] then
    fault('worker %s is described and does not live', name)
  end
  add(slots, '', tonumber(count))
  for model in string.gmatch(served .. ',', '([^,]*),') do
    add(slots, model, tonumber(count))
  end
end
for name in pairs(alive) do
  if not workers[name] then
    fault('worker %s lives and is not described', name)
  end
end
for name, count in pairs(capacity) do
  equal('slots of ' .. name, count, slots[name])
  slots[name] = nil
end
for name in pairs(slots) do
  fault('the slots of %s are not counted', name)
end
return faults
