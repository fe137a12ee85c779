-- A worker's step: ends holds on jobs (done, cancelled, dead, tried again later, put off, handed over), then gives up
-- to `want` jobs, each under a lease with a new fencing token. Promotes due jobs, takes back expired leases and
-- brings back models whose rate allows more in passing.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 want  4 milliseconds for which leases are spared (0, unless the worker was cut off)
--       5 lost leases after which a job is dead without another look  6 notices wanted
--       7 number of ends  8 number of models served (0 = all), then the models
--       then per end, at most 32: id, fence, verdict: done | cancelled | dead | retry | postpone | throttle | release,
--       milliseconds to wait (retry, postpone, throttle), failure class, detail
--       (postpone, throttle and release burn no attempt; throttle also closes the model's rate lane for the wait)
-- Result {milliseconds to the next moment of interest (-1 = none),
--         {per end: 'settled' (also when the same fence settled it before) | 'stale'},
--         {notice, …},
--         {id, fence, attempt, lost, body, {field, value, …}}, …}
-- Cost  O((ends + want + promotions + reaps) · log n), promotions and reaps at most 64 each; about 12 commands for a
--       job's end and the next one's claim.
local worker, lease, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()

-- 1. the ends

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

-- A lane is a provider's account. It is not limited until it refuses a job (429). Then it is closed for as long as was
-- said, and slow: one job per that wait, faster with every success, carefully near the pace that was refused.
local rates = {}
local function rate_of(name)
  if rates[name] == nil then
    local field = redis.call('HMGET', K .. 'rate:' .. name, 'every', 'refused', 'whole', 'until')
    rates[name] = field[1] and {
      every = tonumber(field[1]), refused = tonumber(field[2]), whole = tonumber(field[3]), closed = tonumber(field[4]),
    } or false
  end
  return rates[name]
end

local function throttle(name, wait, detail)
  local rate = rate_of(name) or { every = 0, refused = 0, whole = 0, closed = 0 }
  if at >= rate.closed then
    -- of a fan-out that is refused together, the first says it all
    rate.every = math.min(60000, math.max(wait, math.floor(rate.every * 1.5)))
    rate.refused, rate.why = rate.every, detail
  end
  rate.closed = math.max(rate.closed, at + wait)
  rate.whole = math.max(rate.whole, rate.closed)
  rate.dirty = true
  rates[name] = rate
end

local function relax(name)
  local rate = rate_of(name)
  if rate then
    rate.every = math.floor(rate.every * (rate.every > rate.refused * 1.1 and 0.7 or rate.every > 2000 and 0.98 or 0.8))
    rate.dirty = true
  end
end

local function write_rates()
  for name, rate in pairs(rates) do
    local key = K .. 'rate:' .. name
    if rate and rate.dirty and rate.every < 50 and rate.closed <= at then
      redis.call('DEL', key)
    elseif rate and rate.dirty then
      redis.call('HSET', key, 'every', int(rate.every), 'refused', int(rate.refused), 'whole', int(rate.whole),
        'until', int(rate.closed))
      if rate.why then
        redis.call('HSET', key, 'why', rate.why)
      end
      redis.call('PEXPIRE', key, int(math.max(0, rate.closed - at) + 3600000))
    end
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

-- 2. what has become due

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

-- 3. the claims

local all, turns, served = ARGV[8] == '0', {}, {}
local claiming = want > 0 and not setting('paused')
if claiming and all then
  local lanes = redis.call('ZRANGE', K .. 'lanes', 0, -1, 'WITHSCORES')
  for index = 1, #lanes, 2 do
    turns[lanes[index]] = tonumber(lanes[index + 1])
  end
elseif claiming then
  for index = 9, base do
    served[ARGV[index]] = true
  end
  for index, score in ipairs(redis.call('ZMSCORE', K .. 'lanes', unpack(ARGV, 9, base))) do
    turns[ARGV[8 + index]] = score and tonumber(score) or nil
  end
end
-- what changed above is not written yet
for name, model in pairs(models) do
  if claiming and model.dirty and (all or served[name]) then
    turns[name] = open(model) and (turns[name] or math.max(turn, model.tag)) or nil
  end
end

-- the owners that wait for a model, by tag: read as far as claims get, kept in order
local rings, rescored = {}, {}
local function before(one, other)
  return one.score < other.score or one.score == other.score and one.owner < other.owner
end

local function insert(ring, entry)
  local index = 1
  while ring[index] and before(ring[index], entry) do
    index = index + 1
  end
  table.insert(ring, index, entry)
end

local function read_on(model, ring)
  local slice = redis.call('ZRANGE', model.ring, ring.read, ring.read + want, 'WITHSCORES')
  local names = {}
  for index = 1, #slice, 2 do
    local owner, score = slice[index], tonumber(slice[index + 1])
    insert(ring, { owner = owner, score = score })
    ring.last = { owner = owner, score = score }
    names[#names + 1] = owner
  end
  ring.read = ring.read + want + 1
  know(names)
end

-- the ring with the owner whose turn it is in front; who stands behind all that was read may stand behind others too
local function ring_of(model)
  local ring = rings[model.name]
  if not ring then
    ring = { users = redis.call('ZCARD', model.ring), read = 0 }
    ring.all = ring.users
    rings[model.name], rescored[model.name] = ring, {}
  end
  while ring.read < ring.all and (not ring[1] or before(ring.last, ring[1])) do
    read_on(model, ring)
  end
  return ring
end

-- the jobs of one owner on one model, in their order
local lines = {}
local function line_at(model, owner)
  local key = line_of(model, owner)
  local line = lines[key]
  if not line then
    line = { key = key, taken = 0 }
    line.slice = redis.call('ZRANGE', key, 0, 1, 'WITHSCORES')
    line.read = 2
    lines[key] = line
  end
  if line.taken == line.read and #line.slice == 2 * line.read then
    line.read = line.read + want
    line.slice = redis.call('ZRANGE', key, 0, line.read - 1, 'WITHSCORES')
  end
  return line, line.slice[2 * line.taken + 1], line.slice[2 * line.taken + 2]
end

-- the first of a ring gets another tag, or leaves it
local function rescore(model, ring, score)
  local entry = table.remove(ring, 1)
  rescored[model.name][entry.owner] = score or false
  model.dirty = true
  if score then
    entry.score = score
    insert(ring, entry)
  else
    ring.users = ring.users - 1
  end
end

-- the next job of a model that may run: id, record as fields, body, cost, its owner's tag after it
local function pop(model)
  local ring = ring_of(model)
  while ring[1] do
    local entry = ring[1]
    local owner = owners[entry.owner]
    local line, id, score = line_at(model, entry.owner)
    if owner.paused or owner.busy >= setting('user_limit') then
      park(model, entry.owner)
      keep_tag(model, entry.owner, entry.score + boosted(score))
      rescore(model, ring, nil)
      parkings = parkings + 1
    elseif not id then
      rescore(model, ring, nil)
    else
      line.taken = line.taken + 1
      local fields, job = redis.call('HGETALL', K .. 'job:' .. id), {}
      for index = 1, #fields, 2 do
        job[fields[index]] = fields[index + 1]
      end
      local turn_of = entry.score
      local tag = turn_of + boosted(score)
      local cost = tonumber(job.cost or '0')
      local limit = job.chat and setting('chat_limit') or math.huge
      local full = limit < math.huge and tonumber(redis.call('HGET', K .. 'chats', job.chat) or '0') >= limit
      local runs = #fields > 0 and not full
      local after = runs and tag + math.floor(cost * UNIT / tonumber(job.weight or '1')) or tag
      local _, following, head = line_at(model, entry.owner)
      rescore(model, ring, following and after - boosted(head) or nil)
      if not following then
        keep_tag(model, entry.owner, after)
      end
      if runs then
        -- an urgent job went ahead of its turn, the model's time did not
        model.v = math.max(model.v, turn_of)
        owner.busy, owner.dirty = owner.busy + 1, true
        if job.chat then
          redis.call('HINCRBY', K .. 'chats', job.chat, 1)
        end
        return id, job, fields, cost, after
      elseif full then
        hold_back(model, entry.owner, job.chat, id, score)
        parkings = parkings + 1
      else
        -- its record is gone
        model.waiting = model.waiting - 1
      end
    end
    if parkings >= LIMIT then
      -- enough for one step: the next one may find more behind those that were parked
      short = true
      break
    end
    ring = ring_of(model)
  end
  return nil
end

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

local jobs, leases, fence = {}, {}, 0
while claiming and #jobs < want do
  local name
  for each, score in pairs(turns) do
    if not name or score < turns[name] or score == turns[name] and each < name then
      name = each
    end
  end
  if not name then
    break
  end
  local model = model_of(name)
  local id, job, fields, cost, tag
  local allow, rate = allowed(model)
  if allow then
    id, job, fields, cost, tag = pop(model)
  end
  if id then
    if rate then
      rate.whole, rate.dirty = at + rate.every, true
    end
    turn = math.max(turn, turns[name])
    model.tag = turns[name] + math.floor(cost * UNIT / math.max(1, rings[name].users))
    model.running, model.waiting, model.work = model.running + 1, model.waiting - 1, model.work - cost
    model.dirty = true
    turns[name] = model.running < model.limit and model.tag or nil
    fence = math.max((fence > 0 and fence or tonumber(redis.call('GET', K .. 'fence') or '0')) + 1, at * 1024)
    local attempt = tonumber(job.attempt or '0') + 1
    local again = job.started and { 'starter', job.starter or job.worker } or { 'started', int(at) }
    redis.call('HSET', K .. 'job:' .. id, 'state', 'active', 'fence', int(fence), 'worker', worker, 'claimed', int(at),
      'attempt', int(attempt), 'tag', int(tag), unpack(again))
    if job.started then
      -- the first claim is told by the record
      note(id, at, 'claimed', worker, 'attempt ' .. int(attempt))
    end
    leases[#leases + 1] = int(at + lease)
    leases[#leases + 1] = id
    jobs[#jobs + 1] = {
      id, int(fence), attempt, tonumber(job.lost or '0'), redis.call('GET', K .. 'body:' .. id) or '', fields,
    }
  else
    turns[name] = nil
  end
end
for name, changes in pairs(rescored) do
  local model, scores, gone = models[name], {}, {}
  for owner, score in pairs(changes) do
    if score then
      scores[#scores + 1] = int(score)
      scores[#scores + 1] = owner
    else
      gone[#gone + 1] = owner
    end
  end
  if #scores > 0 then
    redis.call('ZADD', model.ring, unpack(scores))
  end
  if #gone > 0 then
    redis.call('ZREM', model.ring, unpack(gone))
  end
  -- tags that lie behind the model's time say nothing
  local old = redis.call('ZRANGEBYSCORE', model.tags, '-inf', int(model.v), 'LIMIT', 0, LIMIT)
  if #old > 0 then
    redis.call('ZREM', model.tags, unpack(old))
  end
end
for _, line in pairs(lines) do
  if line.taken > 0 then
    redis.call('ZREMRANGEBYRANK', line.key, 0, line.taken - 1)
  end
end
if #leases > 0 then
  redis.call('SET', K .. 'fence', int(fence))
  redis.call('ZADD', K .. 'leases', unpack(leases))
  redis.call('HSET', K .. 'gauge', 'turn', int(turn))
  expiry = math.min(expiry, at + lease)
end
for name, score in pairs(turns) do
  if models[name] then
    models[name].turn = score
  end
end
write_rates()
flush(at, claiming and #jobs < want and all)

-- 4. what chats must be told

local notices = {}
local notice = first('notices')
if notice <= at and tonumber(ARGV[6]) > 0 then
  notices = redis.call('ZRANGEBYSCORE', K .. 'notices', '-inf', int(at), 'LIMIT', 0, ARGV[6])
  for _, what in ipairs(notices) do
    -- whoever does not confirm in time is taken for dead, and another tells
    redis.call('ZADD', K .. 'notices', int(at + 30000), what)
  end
  notice = first('notices')
end

local soonest = math.min(due, gate, expiry, tonumber(ARGV[6]) > 0 and notice or math.huge)
if short and #jobs < want then
  soonest = at
end
return { soonest < math.huge and math.max(0, math.ceil(soonest - at)) or -1, answers, notices, unpack(jobs) }
