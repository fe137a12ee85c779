-- Accepts the jobs of one update, all or none.
-- KEYS  1 prefix
-- ARGV  1 bot  2 user  3 update  4 most pending jobs of the user  5 seconds for which the update is remembered
--       6 most waiting jobs in all  7 chat, or '' when it is the user's own  8 weight  9 '1' when urgent
--       then per job: id, model, predicted milliseconds, body; last, when any costs money: the micros of each, with commas
-- Result {'new'} | {'seen', id, …} | {'full', pending} (the user's cap) | {'busy', waiting} (the queue's cap)
--        | {'closed', why} (the queue is drained) | {'poor', budget in the way (user chat all), micros left of it}
-- Cost  O(jobs · log waiting); about 20 commands, however many jobs, and 15 more to hand them to a worker that waits. An
--       update asks for few: the lists are unpacked.
local WEEK = '604800' -- seconds
local bot, user, update = ARGV[1], ARGV[2], ARGV[3]
local at = now()
-- updates are numbered one after the other: few of them share a key, which keeps it small
local seen = K .. 'seen:' .. bot .. ':' .. int(math.floor(tonumber(update) / 32))
local repeated = redis.call('HGET', seen, update)
if repeated then
  local answer = { 'seen' }
  for id in string.gmatch(repeated, '[^,]+') do
    answer[#answer + 1] = id
  end
  return answer
end
if setting('closed') then
  return { 'closed', setting('closed') }
end

local name = bot .. ':' .. user
local jobs = math.floor((#ARGV - 9) / 4)
local owner = owner_of(name)
if owner.pending + jobs > tonumber(ARGV[4]) then
  return { 'full', int(owner.pending) }
end
local waiting = gauge('waiting')
if waiting + jobs > tonumber(ARGV[6]) then
  return { 'busy', int(waiting) }
end
local bills, prices = {}, ARGV[10 + 4 * jobs]
if prices then
  local sum = 0
  for micros in string.gmatch(prices, '%d+') do
    bills[#bills + 1] = { ARGV[6 + 4 * (#bills + 1)], tonumber(micros), ARGV[7 + 4 * (#bills + 1)] }
    sum = sum + tonumber(micros)
  end
  local budget, left = book.refusal(at, name, ARGV[7], sum)
  if budget then
    return { 'poor', budget, int(left) }
  end
end

local ids, groups, asked = {}, {}, {}
for base = 11, 9 + 4 * jobs, 4 do
  asked[ARGV[base]] = true
end
local offer = offering(asked)
if offer then
  call_of(offer.worker, math.min(offer.slots, jobs))
end
-- numbers of submission are what the counter of accepted jobs says
local seq = redis.call('HINCRBY', K .. 'totals', 'accepted', TEXT[jobs]) - jobs
local batch = jobs > 1 and ARGV[10] or ''
-- of each record what all have in common
local records, shared = {}, '\31' .. table.concat({ stamp_of(at), ARGV[7], ARGV[8], batch }, '\31') .. '\30'
for base = 10, 9 + 4 * jobs, 4 do
  local id, model, cost, body = ARGV[base], model_of(ARGV[base + 1]), ARGV[base + 2], ARGV[base + 3]
  seq = seq + 1
  local group = groups[model]
  if not group then
    group = { cost = 0, many = 0, head = model.name .. '\31' .. name .. '\31' }
    -- what was measured says more than what was predicted
    group.typical = model.typical > 0 and int(model.typical)
    groups[model] = group
  end
  cost = group.typical or cost
  local place, many, of = int(ARGV[9] == '1' and seq - URGENT or seq), #ids, group.many
  local record = group.head .. cost .. '\31' .. place .. shared .. body
  records[2 * many + 1], records[2 * many + 2], ids[many + 1] = id, record, id
  group[of + 1], group[of + 2], group.many, group.cost = place, id, of + 2, group.cost + NUMBER[cost]
  if offer then
    -- whoever hands it on need not read it
    known[id] = job_of(id, record, nil)
  end
end
redis.call('HSET', K .. 'jobs', unpack(records))
if prices then
  book.reserve(at, name, ARGV[7], bills)
end
local alone = offer and owner.pending == owner.busy
for model, group in pairs(groups) do
  local newcomer
  if alone and #group == 2 * jobs and queued(model) == 0 then
    newcomer = stand_by(model, name, group.cost, group)
  else
    newcomer = enqueue(model, name, group.cost, group)
  end
  if newcomer then
    -- who comes next stands behind: by a thousandth of a millisecond, which is nothing but an order
    model.v = model.v + 1
  end
  local messages, of = arriving(model, at)
  model.arrivals = stamp_of(at) .. ' ' .. int(messages + 1000) .. ' ' .. int(of + #group * 500)
end
if batch ~= '' then
  redis.call('HSET', K .. 'batch:' .. batch, 'owner', name, 'at', stamp_of(at), 'of', TEXT[jobs], 'ids',
    table.concat(ids, ','))
  redis.call('HSET', K .. 'batches', batch, TEXT[jobs])
end
local mine = K .. 'user:' .. name
if redis.call('LPUSH', mine, unpack(ids)) > 200 then
  redis.call('LTRIM', mine, 0, 199)
end
redis.call('EXPIRE', mine, WEEK)
redis.call('HSET', seen, update, table.concat(ids, ','))
redis.call('EXPIRE', seen, ARGV[5])
owner.pending, owner.dirty = owner.pending + jobs, true
local left = jobs
if offer then
  left = jobs - hand(offer)
else
  flush(at, true)
end
for model, group in pairs(groups) do
  if left > 0 then
    wake(model.name, math.min(left, #group / 2))
  end
end
return { 'new' }
