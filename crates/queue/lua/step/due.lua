-- Of a step: what has become due since the last one.

local function first(set)
  return tonumber(redis.call('ZRANGE', K .. set, 0, 0, 'WITHSCORES')[2] or 'inf') or math.huge
end

local spare, turn, room = spared(at, tonumber(ARGV[4]))
local parkings, short = 0, false

local due = first('delayed')
if due <= at then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'delayed', '-inf', int(at), 'LIMIT', 0, LIMIT)) do
    redis.call('ZREM', K .. 'delayed', id)
    local job = redis.call('HMGET', K .. 'job:' .. id, 'model', 'owner', 'seq', 'cost')
    if job[1] then
      redis.call('HSET', K .. 'job:' .. id, 'state', 'waiting')
      redis.call('HDEL', K .. 'job:' .. id, 'due')
      enqueue(model_of(job[1]), job[2], tonumber(job[4]), job[3], id)
    end
  end
  due = first('delayed')
end

local gate = first('gates')
if gate <= at then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', K .. 'gates', '-inf', int(at), 'LIMIT', 0, LIMIT)) do
    redis.call('ZREM', K .. 'gates', name)
    redis.call('HDEL', K .. 'model:' .. name, 'gate')
    local model = model_of(name)
    model.gate, model.dirty = nil, true
  end
  gate = first('gates')
end

local expiry = first('leases')
if expiry <= at and spare <= at then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', K .. 'leases', '-inf', int(at), 'LIMIT', 0, LIMIT)) do
    redis.call('ZREM', K .. 'leases', id)
    local key = K .. 'job:' .. id
    local job = redis.call('HMGET', key, 'model', 'owner', 'seq', 'cost', 'worker', 'chat', 'batch', 'size')
    if job[1] then
      local model = model_of(job[1])
      release(at, model, job[2], job[6])
      local lost = redis.call('HINCRBY', key, 'lost', 1)
      note(id, at, 'lost', job[5], 'the lease ran out')
      if lost >= tonumber(ARGV[5]) then
        local detail = 'its worker was lost ' .. lost .. ' times'
        finish(id, at, 'dead', job[2], job[7], job[8], 'class', 'fatal', 'detail', detail)
        note(id, at, 'dead', 'queue', detail)
        notify(at, 'job:' .. id)
      else
        redis.call('HSET', key, 'state', 'waiting')
        enqueue(model, job[2], tonumber(job[4]), job[3], id)
      end
    end
  end
  expiry = first('leases')
elseif expiry <= at then
  -- spared: there is nothing to be had from them before that is over
  expiry = spare
end

if room then
  -- more was held back of a chat than one step lets in
  redis.call('HDEL', K .. 'gauge', 'room')
  local chats = redis.call('ZPOPMIN', K .. 'roomy', LIMIT)
  for index = 1, #chats, 2 do
    unhold(at, chats[index], tonumber(redis.call('HGET', K .. 'chats', chats[index]) or '0'), chats[index + 1])
  end
  if redis.call('EXISTS', K .. 'roomy') == 1 then
    redis.call('HSET', K .. 'gauge', 'room', '1')
    short = true
  end
end
