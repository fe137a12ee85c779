-- Of a step: the ends of holds.

local freed = {}

-- smooths over the runs of a model
local function learn(model, took)
  if model.typical == 0 then
    model.typical, model.spread = math.max(1, took), took / 4
  else
    local off = took - model.typical
    model.typical = math.max(1, model.typical + off * 0.1)
    model.spread = model.spread + (math.abs(off) - model.spread) * 0.1
  end
end

local ended = {}
local function settle(id, fence, job, verdict, wait, class, detail)
  if (ended[id] or job[3]) == fence then
    return 'settled'
  end
  if ended[id] or job[1] ~= 'active' or job[2] ~= fence then
    return 'stale'
  end
  ended[id] = fence
  local key = K .. 'job:' .. id
  local model, owner, attempt, cost = model_of(job[4]), job[5], tonumber(job[8]), tonumber(job[9])
  local took, weight = math.max(0, at - tonumber(job[6])), tonumber(job[11] or '1')
  freed[#freed + 1] = id
  if verdict == 'postpone' or verdict == 'throttle' or verdict == 'release' then
    -- nothing was made of it: nothing is charged
    took, attempt = 0, attempt - 1
  end
  -- before the owner comes back to a ring: it stands there no earlier than the model's time
  charge(model, owner, (took - cost) * UNIT / weight, tonumber(job[10]))
  release(at, model, owner, job[12])
  if verdict == 'done' then
    -- a job that was taken over in the middle says nothing about how long one takes
    if attempt == 1 then
      learn(model, took)
    end
    relax(model.lane)
    -- the record itself tells who did it and when: the trail is spared a line for each job
    finish(id, at, 'done', owner, job[13], job[14], 'settled', fence)
  elseif verdict == 'cancelled' then
    finish(id, at, 'cancelled', owner, job[13], job[14], 'settled', fence)
    note(id, at, 'cancelled', worker, detail)
  elseif verdict == 'dead' then
    finish(id, at, 'dead', owner, job[13], job[14], 'settled', fence, 'class', class, 'detail', detail)
    note(id, at, 'dead', worker, class .. ': ' .. detail)
  elseif verdict == 'retry' or verdict == 'postpone' then
    local due = at + tonumber(wait)
    redis.call('HSET', key, 'settled', fence, 'state', 'delayed', 'due', int(due), 'attempt', int(attempt),
      'class', class, 'detail', detail)
    redis.call('ZADD', K .. 'delayed', int(due), id)
    note(id, at, verdict, worker, class .. ': ' .. detail .. ' (again in ' .. wait .. ' ms)')
    -- a worker asleep until a later moment must learn of this one
    nudge(model.name)
  else
    redis.call('HSET', key, 'settled', fence, 'state', 'waiting', 'attempt', int(attempt))
    enqueue(model, owner, cost, job[7], id)
    if verdict == 'throttle' then
      throttle(model.lane, tonumber(wait), detail)
      note(id, at, 'throttled', worker, class .. ': ' .. detail .. ' (again in ' .. wait .. ' ms)')
    else
      note(id, at, 'handed_over', worker, detail)
    end
  end
  return 'settled'
end

-- all owners of one HMGET
local function know(names)
  local unknown, asked = {}, {}
  for _, name in ipairs(names) do
    if not owners[name] and not asked[name] then
      asked[name] = true
      unknown[#unknown + 1] = name
    end
  end
  if #unknown > 0 then
    for index, packed in ipairs(redis.call('HMGET', K .. 'owners', unpack(unknown))) do
      own(unknown[index], packed)
    end
  end
end

local answers, held, names = {}, {}, {}
local base = 8 + tonumber(ARGV[8])
for index = base + 1, #ARGV, 6 do
  local job = redis.call('HMGET', K .. 'job:' .. ARGV[index], 'state', 'fence', 'settled', 'model', 'owner', 'claimed',
    'seq', 'attempt', 'cost', 'tag', 'weight', 'chat', 'batch', 'size')
  held[#held + 1] = job
  names[#names + 1] = job[5] or nil
end
know(names)
for index, job in ipairs(held) do
  local first = base + 6 * index - 5
  answers[index] = settle(ARGV[first], ARGV[first + 1], job, unpack(ARGV, first + 2, first + 5))
end
if #freed > 0 then
  redis.call('ZREM', K .. 'leases', unpack(freed))
end
