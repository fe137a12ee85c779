-- Of a step: the ends of holds.

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

local function settle(id, fence, verdict, wait, class, detail)
  local job = known[id]
  if job and job.settled == fence then
    return 'settled'
  end
  if not job or job.state ~= 'active' or job.fence ~= fence then
    return 'stale'
  end
  local model, owner, attempt = model_of(job.model), job.owner, NUMBER[job.attempt]
  local took = math.max(0, at - NUMBER[job.claimed])
  freed[#freed + 1] = id
  job.settled = fence
  if verdict == 'postpone' or verdict == 'throttle' or verdict == 'release' then
    -- nothing was made of it: nothing is charged
    took, attempt = 0, attempt - 1
    job.attempt = TEXT[attempt]
  end
  -- before the owner comes back to a ring: it stands there no earlier than the model's time
  charge(model, owner, (took - job.cost) * UNIT / job.weight, tonumber(job.tag))
  release(at, model, owner, job.chat)
  if verdict == 'dead' or verdict == 'retry' or verdict == 'postpone' then
    job.class = class
    redis.call('HSET', K .. 'job:' .. id, 'detail', detail)
  end
  if verdict == 'done' then
    -- a job that was taken over in the middle says nothing about how long one takes
    if attempt == 1 then
      learn(model, took)
    end
    relax(model.lane)
    -- the record itself tells who did it and when: the trail is spared a line for each job
    finish(job, at, 'done')
  elseif verdict == 'cancelled' then
    finish(job, at, 'cancelled')
    note(id, at, 'cancelled', worker, detail)
  elseif verdict == 'dead' then
    finish(job, at, 'dead')
    note(id, at, 'dead', worker, class .. ': ' .. detail)
  elseif verdict == 'retry' or verdict == 'postpone' then
    job.state, job.due = 'delayed', int(at + tonumber(wait))
    redis.call('ZADD', K .. 'delayed', job.due, id)
    note(id, at, verdict, worker, class .. ': ' .. detail .. ' (again in ' .. wait .. ' ms)')
    -- a worker asleep until a later moment must learn of this one
    nudge(model.name)
  else
    job.state = 'waiting'
    enqueue(model, owner, job.cost, { job.seq, id })
    if verdict == 'throttle' then
      throttle(model.lane, tonumber(wait), detail)
      note(id, at, 'throttled', worker, class .. ': ' .. detail .. ' (again in ' .. wait .. ' ms)')
    else
      note(id, at, 'handed_over', worker, detail)
    end
  end
  change(job)
  return 'settled'
end

local function drop_leases()
  if #freed > 0 then
    redis.call('ZREM', K .. 'leases', unpack(freed))
    freed = {}
  end
end

-- What was claimed for the worker before a moment and never reached it goes back at once, instead of when its lease runs
-- out. How many were claimed since, and are on their way.
local function give_back(said, before)
  local holds, away = {}, 0
  for id in string.gmatch(said, ',([^,]+)') do
    holds[id] = true
  end
  -- what nobody renews runs out first
  local ids = redis.call('ZRANGE', K .. 'leases', '0', 16 * LIMIT - 1)
  look(ids)
  for index = 1, #ids do
    local job = known[ids[index]]
    if job and job.state == 'active' and job.worker == worker and not holds[job.id] then
      if NUMBER[job.claimed] < before then
        settle(job.id, job.fence, 'release', '0', '', 'it never reached the worker')
      else
        away = away + 1
      end
    end
  end
  drop_leases()
  return away
end

-- ends holds; the arguments begin behind `base`
local function end_holds(arguments, base)
  local answers, ids, names = {}, {}, {}
  for index = base + 1, #arguments, 6 do
    ids[#ids + 1] = arguments[index]
  end
  look(ids)
  for index = 1, #ids do
    local job = known[ids[index]]
    if job then
      local model = model_of(job.model)
      names[#names + 1] = job.owner
      if not model.stands[job.owner] then
        -- until they are met
        model.stands[job.owner] = false
      end
    end
  end
  know(names)
  for _, model in pairs(models) do
    local unmet = {}
    for name, stand in pairs(model.stands) do
      if not stand then
        unmet[#unmet + 1] = name
      end
    end
    if #unmet > 0 then
      meet(model, unmet)
    end
  end
  for index = base + 1, #arguments, 6 do
    answers[#answers + 1] = settle(arguments[index], arguments[index + 1], unpack(arguments, index + 2, index + 5))
  end
  drop_leases()
  return answers
end
