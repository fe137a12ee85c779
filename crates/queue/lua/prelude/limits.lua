-- Put behind prelude/lines.lua: what keeps jobs out of their lines, and what brings them back.

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
    enqueue(model, owner, 0, jobs)
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
