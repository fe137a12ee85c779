-- Of a step: models in their turn give jobs to the worker, as many as it wants; then all is written.

-- longer than what Redis keeps in a small set
local LONG = 'a name that is longer than sixty-four characters, so that Redis sorts this set'

-- whether the model's lane allows a job now; else the model comes back when it does
local function allowed(model)
  local rate = rate_of(model.lane)
  if not rate then
    return true
  end
  local ready = math.max(rate.closed, rate.whole)
  if ready > at then
    model.gate, model.dirty = ready, true
    redis.call('HSET', K .. 'model:' .. model.name, 'gate', int(ready))
    redis.call('ZADD', K .. 'gates', int(ready), model.name)
    gate = math.min(gate, ready)
    return false
  end
  return true, rate
end

-- the turns of the models that the worker serves, of those that are open
local function turns_of(served)
  local turns = {}
  if #served == 0 then
    local lanes = redis.call('ZRANGE', K .. 'lanes', '0', '-1', 'WITHSCORES')
    for index = 1, #lanes, 2 do
      turns[lanes[index]] = tonumber(lanes[index + 1])
    end
  else
    for index, score in ipairs(redis.call('ZMSCORE', K .. 'lanes', unpack(served))) do
      turns[served[index]] = score and tonumber(score) or nil
    end
  end
  -- what changed in this call is not written yet
  local serves = {}
  for index = 1, #served do
    serves[served[index]] = true
  end
  for name, model in pairs(models) do
    if model.dirty and (#served == 0 or serves[name]) then
      -- as Redis has it
      model.listed = turns[name] ~= nil
      turns[name] = open(model) and (turns[name] or math.max(turn, model.tag)) or nil
    end
  end
  return turns
end

-- the model whose turn it is
local function next_of(turns)
  local name
  for each, score in pairs(turns) do
    if not name or score < turns[name] or score == turns[name] and each < name then
      name = each
    end
  end
  return name
end

-- Claims up to `want` jobs, each under a lease of so many milliseconds: as the step answers them.
local function claim(served, lease)
  local claiming = want > 0 and not setting('paused')
  -- what a submit stood by is written when it is known what stays
  if not next(rings) then
    write_stands()
  end
  local turns = claiming and turns_of(served) or {}
  local jobs, leases, fence, expires = {}, {}, gauge('fence'), int(at + lease)
  while claiming and #jobs < want do
    local name = next_of(turns)
    if not name then
      break
    end
    local model = model_of(name)
    local job, tag
    local allow, rate = allowed(model)
    if allow then
      job, tag = pop(model, want - #jobs)
    end
    if job then
      if rate then
        rate.whole, rate.dirty = at + rate.every, true
      end
      turn = math.max(turn, turns[name])
      model.tag = turns[name] + floor(job.cost * UNIT / math.max(1, rings[name].users))
      model.running, model.waiting, model.work = model.running + 1, model.waiting - 1, model.work - job.cost
      model.dirty = true
      -- it had its turn, even if nobody else of it may run now
      model.turn = model.tag
      turns[name] = model.running < model.limit and model.tag or nil
      fence = math.max(fence + 1, at * 1024)
      local again = job.started ~= ''
      if not again then
        job.started = stamp_of(at)
      elseif job.starter == '' then
        job.starter = job.worker
      end
      job.state, job.fence, job.worker, job.claimed, job.tag = 'active', int(fence), worker, stamp_of(at), int(tag)
      local attempt = (NUMBER[job.attempt] or 0) + 1
      job.attempt = TEXT[attempt]
      change(job)
      if again then
        -- the first claim is told by the record
        note(job.id, at, 'claimed', worker, 'attempt ' .. job.attempt)
      end
      leases[#leases + 1] = expires
      leases[#leases + 1] = job.id
      jobs[#jobs + 1] = { job.id, job.fence, attempt, NUMBER[job.lost] or 0, job.asked, job.cancel,
        job.held and redis.call('HGETALL', K .. 'job:' .. job.id) or {} }
    else
      turns[name] = nil
    end
  end
  for name, ring in pairs(rings) do
    if ring.unwritten then
      models[name].queued = 0
    end
  end
  write_stands()
  for name in pairs(rings) do
    local model = models[name]
    -- tags that lie behind the model's time say nothing
    local old = redis.call('ZRANGEBYSCORE', model.tags, '-inf', int(model.v), 'LIMIT', '0', TEXT[LIMIT])
    if #old > 0 then
      redis.call('ZREM', model.tags, unpack(old))
    end
  end
  for index = 1, #lines do
    local line = lines[index]
    if line.unwritten then
      if line.taken < #line.slice then
        redis.call('ZADD', line.key, unpack(line.unwritten, 2 * line.taken + 1))
      end
    elseif line.taken > 0 then
      redis.call('ZREMRANGEBYRANK', line.key, '0', TEXT[line.taken - 1])
    end
  end
  if #leases > 0 then
    -- The first of many: a set that once held a long name is kept in order by Redis, where a small one is searched from
    -- end to end at every change.
    local sorted = expiry == math.huge and #jobs >= 8
    if sorted then
      leases[#leases + 1], leases[#leases + 2] = expires, LONG
    end
    redis.call('ZADD', K .. 'leases', unpack(leases))
    if sorted then
      redis.call('ZREM', K .. 'leases', LONG)
    end
    set_gauge('fence', fence)
    set_gauge('turn', turn)
    expiry = math.min(expiry, at + lease)
  end
  for name, score in pairs(turns) do
    if models[name] then
      models[name].turn = score
    end
  end
  write_rates()
  flush(at, claiming and #jobs < want and #served == 0)
  return jobs
end
