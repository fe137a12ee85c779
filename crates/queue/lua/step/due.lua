-- Of a step: what has become due since the last one.

local function first(set)
  return tonumber(redis.call('ZRANGE', K .. set, '0', '0', 'WITHSCORES')[2] or math.huge)
end

-- the jobs of a set whose moment has come, out of it
local function take_due(set)
  local ids = redis.call('ZRANGEBYSCORE', K .. set, '-inf', int(at), 'LIMIT', 0, LIMIT)
  redis.call('ZREM', K .. set, unpack(ids))
  look(ids)
  return ids
end

-- promotes due jobs, brings back models and jobs held back, takes back leases that ran out
local function fall_due(most_lost)
  due = first('delayed')
  if due <= at then
    for _, id in ipairs(take_due('delayed')) do
      local job = known[id]
      if job then
        job.state, job.due = 'waiting', ''
        change(job)
        enqueue(model_of(job.model), job.owner, job.cost, { job.seq, id })
      end
    end
    due = first('delayed')
  end

  gate = first('gates')
  if gate <= at then
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', K .. 'gates', '-inf', int(at), 'LIMIT', 0, LIMIT)) do
      redis.call('ZREM', K .. 'gates', name)
      redis.call('HDEL', K .. 'model:' .. name, 'gate')
      local model = model_of(name)
      model.gate, model.dirty = nil, true
    end
    gate = first('gates')
  end

  expiry = first('leases')
  if expiry <= at and spare <= at then
    for _, id in ipairs(take_due('leases')) do
      local job = known[id]
      if job then
        local model = model_of(job.model)
        release(at, model, job.owner, job.chat)
        job.lost = int((tonumber(job.lost) or 0) + 1)
        note(id, at, 'lost', job.worker, 'the lease ran out')
        if tonumber(job.lost) >= most_lost then
          job.class = 'fatal'
          local detail = 'its worker was lost ' .. job.lost .. ' times'
          redis.call('HSET', K .. 'job:' .. id, 'detail', detail)
          finish(job, at, 'dead')
          note(id, at, 'dead', 'queue', detail)
          notify(at, 'job:' .. id)
        else
          job.state = 'waiting'
          change(job)
          enqueue(model, job.owner, job.cost, { job.seq, id })
        end
      end
    end
    expiry = first('leases')
  elseif expiry <= at then
    -- spared: there is nothing to be had from them before that is over
    expiry = spare
  end

  if gauge('room') > 0 then
    -- more was held back of a chat than one step lets in
    set_gauge('room', 0)
    local chats = redis.call('ZPOPMIN', K .. 'roomy', LIMIT)
    for index = 1, #chats, 2 do
      unhold(at, chats[index], tonumber(redis.call('HGET', K .. 'chats', chats[index]) or '0'), chats[index + 1])
    end
    if redis.call('EXISTS', K .. 'roomy') == 1 then
      set_gauge('room', 1)
      short = true
    end
  end
end
