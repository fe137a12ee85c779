-- Looks whether the keys agree with each other: one job in one place, counters equal to what they count, caps kept,
-- nothing stuck. Remembers what it saw, to notice what may not fall.
-- KEYS  1 prefix
-- ARGV  1 most promotions and the like of a step
-- Result {what is wrong, …}
-- Cost  O(everything), for small worlds only.
local K, BOOST, BOUND = KEYS[1], 60000 * 1000, tonumber(ARGV[1])
local MEMORY = 'memory of the check'
local before = cmsgpack.unpack(redis.call('GET', MEMORY) or cmsgpack.pack({}))
local now = {}
local faults = {}
local function fault(...)
  faults[#faults + 1] = string.format(...)
end

-- 1. everything, by kind

-- a job as an array: it is read after every operation
local STATE, MODEL, OWNER, CHAT, COST, SEQ, FENCE, BYTES, ENDED, BATCH = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local jobs, lines, rings, tags, parked_in, batches = {}, {}, {}, {}, {}, {}
local place, score_there, line_there, places = {}, {}, {}, {}
local function put(kind, key, line)
  local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for index = 1, #members, 2 do
    local id = members[index]
    places[id] = (places[id] or 0) + 1
    place[id], score_there[id], line_there[id] = kind, members[index + 1], line
  end
  return members
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
local function members(key)
  local result = {}
  for _, member in ipairs(redis.call('SMEMBERS', key)) do
    result[member] = true
  end
  return result
end
local held, held_lines, held_chats = {}, {}, {}
local exists = {}
local count_of_holds = 0
local asked_of, held_of = hash(K .. 'jobs'), hash(K .. 'holds')
for id, asked in pairs(asked_of) do
  local job = {}
  job[MODEL], job[OWNER], job[COST], job[SEQ], job[CHAT], job[BATCH] =
    string.match(asked, '^([^\31]*)\31([^\31]*)\31([^\31]*)\31([^\31]*)\31[^\31]*\31([^\31]*)\31[^\31]*\31([^\31\30]*)\30.')
  local held = held_of[id]
  job[STATE] = 'waiting'
  if held then
    count_of_holds = count_of_holds + 1
    local fields = {}
    local before, behind = string.match(held, '^([^\30]*)\30(.*)$')
    for field in string.gmatch(before .. '\31', '([^\31]*)\31') do
      fields[#fields + 1] = field ~= '' and field or false
    end
    job[STATE], job[FENCE], job[ENDED], job[BYTES] = fields[1], fields[2], fields[13], fields[14]
    if #fields ~= 15 then
      fault('how job %s stands has %d fields', id, #fields)
    end
    if behind ~= string.match(asked, '^([^\30]*)') .. '\30' .. #asked then
      fault('how job %s stands does not say what was asked', id)
    end
  end
  if not job[MODEL] then
    fault('what job %s asked cannot be read', id)
  end
  job[CHAT] = job[CHAT] ~= '' and job[CHAT]
  jobs[id] = job
end
for id in pairs(held_of) do
  count_of_holds = count_of_holds - 1
end
if count_of_holds ~= 0 then
  fault('%d jobs stand somewhere that nobody asked for', -count_of_holds)
end
-- what is done with a key, by the first letters of its name; whose name ends there is looked at below
local read = {
  ['trail'] = function(_, rest)
    if not jobs[rest] then
      fault('job %s left a trail and has no record', rest)
    end
  end,
  ['job:'] = function(_, rest)
    if not jobs[rest] then
      fault('job %s left something written and has no record', rest)
    end
  end,
  ['line:'] = function(key, rest)
    local model, owner = string.match(rest, '^([^:]*):(.*)$')
    lines[model] = lines[model] or {}
    lines[model][owner] = true
    put('waiting', key, rest)
  end,
  ['ring:'] = function(key, rest) rings[rest] = scores(key) end,
  ['tags:'] = function(key, rest) tags[rest] = scores(key) end,
  ['parke'] = function(key, rest)
    for _, model in ipairs(redis.call('SMEMBERS', key)) do
      parked_in[model] = parked_in[model] or {}
      parked_in[model][rest] = true
    end
  end,
  ['held:'] = function(key, rest)
    local line = string.match(rest, '^[^:]*:[^:]*:(.*)$')
    if not line then
      held_chats[rest] = scores(key)
      return
    end
    held_lines[rest] = true
    local there = put('waiting', key, line)
    for index = 1, #there, 2 do
      held[there[index]] = true
    end
  end,
  ['batch'] = function(key, rest)
    batches[rest] = redis.call('HMGET', key, 'of', 'joined')
  end,
}
local from = #K + 1
for _, key in ipairs(redis.call('KEYS', K .. '*')) do
  local colon = string.find(key, ':', from, true)
  if not colon then
    exists[string.sub(key, from)] = true
  else
    local how = read[string.sub(key, from, math.min(colon, from + 4))]
    if how then
      how(key, string.sub(key, colon + 1))
    end
  end
end
local function maybe(read, name)
  return exists[name] and read(K .. name) or {}
end
local parked_list, holding = maybe(members, 'parked'), maybe(members, 'held')
local settings, gauge = maybe(hash, 'settings'), maybe(hash, 'gauge')
local user_limit = tonumber(settings.user_limit or 'inf') or math.huge
local chat_limit = tonumber(settings.chat_limit or 'inf') or math.huge
for _, set in ipairs({ 'delayed', 'leases', 'ended', 'dead' }) do
  if exists[set] then
    put(set, K .. set)
  end
end

-- 2. each job in its one place, and what is to be counted

local running, waiting, work, pending, busy, chatting, waits_in_chat = {}, {}, {}, {}, {}, {}, {}
local runs_under, kept, all_waiting, left = {}, 0, 0, {}
local function add(counts, name, by)
  counts[name] = (counts[name] or 0) + by
end
local fence = tonumber(gauge.fence or '0')
local PLACE = { waiting = 'waiting', delayed = 'delayed', active = 'leases', done = 'ended', cancelled = 'ended', dead = 'dead' }
local fences, fences_before = {}, before.fences or {}
now.fences = fences
for id, job in pairs(jobs) do
  local state, model, owner, chat = job[STATE], job[MODEL], job[OWNER], job[CHAT]
  if places[id] ~= 1 then
    fault('job %s (%s) is in %d places', id, state, places[id] or 0)
  elseif place[id] ~= PLACE[state] then
    fault('job %s is %s but in %s', id, state, place[id])
  elseif state == 'waiting' and tonumber(score_there[id]) ~= tonumber(job[SEQ]) then
    fault('job %s has number %s but stands at %s', id, job[SEQ], score_there[id])
  elseif state == 'waiting' and line_there[id] ~= model .. ':' .. owner then
    fault('job %s of %s on %s stands in %s', id, owner, model, line_there[id])
  end
  if state == 'active' then
    add(running, model, 1)
    add(busy, owner, 1)
    if chat then
      add(chatting, chat, 1)
    end
    if runs_under[job[FENCE]] then
      fault('jobs %s and %s run under one token', id, runs_under[job[FENCE]])
    end
    runs_under[job[FENCE]] = id
  elseif state == 'waiting' then
    all_waiting = all_waiting + 1
    add(waiting, model, 1)
    add(work, model, tonumber(job[COST]))
    if chat and not held[id] then
      waits_in_chat[chat .. ' ' .. model .. ' ' .. owner] = true
    end
  end
  if state == 'waiting' or state == 'delayed' or state == 'active' then
    add(pending, owner, 1)
    if batches[job[BATCH]] then
      add(left, job[BATCH], 1)
    end
    if job[BYTES] or job[ENDED] then
      fault('job %s is %s and has ended', id, state)
    end
  else
    kept = kept + tonumber(job[BYTES] or '0')
    if not job[BYTES] or not job[ENDED] then
      fault('job %s is %s and was not weighed', id, state)
    end
  end
  if job[FENCE] then
    fences[id] = job[FENCE]
    if tonumber(job[FENCE]) > fence then
      fault('job %s has a token that was never given', id)
    elseif tonumber(job[FENCE]) < tonumber(fences_before[id] or '0') then
      fault('the token of job %s fell', id)
    end
  end
end
for id, kind in pairs(place) do
  if not jobs[id] then
    fault('%s holds job %s, which has no record', kind, id)
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
  now[what] = count
  if count > limit and count > (before[what] or 0) then
    fault('%s: %d run, %d may', what, count, limit)
  end
end
local models, open = {}, {}
for name in pairs(maybe(members, 'models')) do
  local model =
    redis.call('HMGET', K .. 'model:' .. name, 'running', 'waiting', 'work', 'limit', 'paused', 'gate')
  local limit = tonumber(model[4] or 'inf') or math.huge
  models[name] = { gate = tonumber(model[6] or '-1') }
  equal('running on ' .. name, model[1], running[name])
  equal('waiting for ' .. name, model[2], waiting[name])
  equal('work for ' .. name, model[3], work[name])
  cap('model ' .. name, running[name] or 0, limit)
  open[name] = not model[5] and (running[name] or 0) < limit and not model[6] and rings[name] ~= nil
end
for name in pairs(rings) do
  if not models[name] then
    fault('model %s is not on the list', name)
  end
end
equal('waiting', gauge.waiting, all_waiting)
equal('bytes', gauge.kept, kept)
local owners, pauses = maybe(hash, 'owners'), maybe(hash, 'pauses')
for name, packed in pairs(owners) do
  local owed, flying, paused = string.match(packed, '^(%-?%d+) (%-?%d+) (%d)$')
  equal('pending of ' .. name, owed, pending[name])
  equal('in flight of ' .. name, flying, busy[name])
  cap('owner ' .. name, busy[name] or 0, user_limit)
  if (paused == '2' or paused == '3') ~= (parked_list[name] == true) then
    fault('owner %s says %s of being parked', name, paused)
  end
  if packed == '0 0 0' then
    fault('owner %s is kept for nothing', name)
  end
  if (paused == '1' or paused == '3') ~= (pauses[name] ~= nil) then
    fault('owner %s is paused for no reason', name)
  end
  pending[name] = nil
end
for name in pairs(pending) do
  fault('owner %s is not counted', name)
end
local chats = maybe(hash, 'chats')
for name, count in pairs(chats) do
  equal('in flight of chat ' .. name, count, chatting[name])
  cap('chat ' .. name, chatting[name] or 0, chat_limit)
  chatting[name] = nil
end
for name in pairs(chatting) do
  fault('chat %s is not counted', name)
end
if fence < (before.fence or 0) then
  fault('the token fell')
end
now.fence = fence

-- 4. rings: who waits and may run stands there, or is parked for a reason

local function kind_of(owner)
  local flying, paused = string.match(owners[owner] or '0 0 0', '^%-?%d+ (%-?%d+) (%d)$')
  return tonumber(flying), paused == '1' or paused == '3'
end
local parked, roomy = {}, maybe(scores, 'roomy')
if next(roomy) and tonumber(gauge.room or '0') == 0 then
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
    if not parked_list[owner] then
      fault('owner %s is parked but not on the list', owner)
    end
  end
end
for owner in pairs(parked_list) do
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
for chat in pairs(holding) do
  if not held_chats[chat] then
    fault('chat %s holds nothing back and is on the list', chat)
  end
end
for chat, each in pairs(held_chats) do
  if not holding[chat] then
    fault('chat %s holds jobs back and is not on the list', chat)
  end
  for line in pairs(each) do
    if not held_lines[chat .. ':' .. line] then
      fault('chat %s holds nothing of %s and says so', chat, line)
    end
    held_lines[chat .. ':' .. line] = nil
  end
end
for line in pairs(held_lines) do
  fault('%s is held back and nobody knows', line)
end
for id in pairs(held) do
  local job = jobs[id]
  local chat = job and job[CHAT]
  if job and tonumber(chats[chat] or '0') < chat_limit and not roomy[chat]
    and not waits_in_chat[chat .. ' ' .. job[MODEL] .. ' ' .. job[OWNER]] then
    fault('job %s waits for chat %s, which has room', id, chat)
  end
end

-- 5. models that may be claimed from, and those that come back

local gates = maybe(scores, 'gates')
for name, model in pairs(models) do
  if model.gate ~= (gates[name] or -1) then
    fault('model %s comes back at another moment than it opens', name)
  end
end
local lanes = maybe(scores, 'lanes')
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

local lefts = maybe(hash, 'batches')
for id, batch in pairs(batches) do
  local of, joined, counted = tonumber(batch[1] or '0'), batch[2], tonumber(lefts[id] or '0')
  if counted ~= (left[id] or 0) or counted > of then
    fault('batch %s: %d are counted as left of %d, %d are', id, counted, of, left[id] or 0)
  elseif (counted == 0) ~= (joined ~= false) then
    fault('batch %s: %d left, joined %s', id, counted, tostring(joined))
  end
  lefts[id] = nil
end
for id in pairs(lefts) do
  fault('batch %s is counted and nobody asked for it', id)
end
local alive, workers, capacity = maybe(scores, 'alive'), maybe(hash, 'workers'), maybe(hash, 'capacity')
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
redis.call('SET', MEMORY, cmsgpack.pack(now))
return faults
