-- Where a job stands: what is ahead of it, who could run it, and what keeps it.
-- KEYS  1 prefix
-- ARGV  1 id
-- Result '' when unknown, else {state, model, milliseconds since its claim, due (ms from now), own jobs ahead,
--        others' jobs ahead, {reason, detail, …} that keep it from running, slots of all workers, slots that serve its
--        model, jobs running,
--        {model, waiting, queued ms, owners waiting, running, typical ms, spread ms, limit (-1 = none),
--        messages and jobs an hour that came of late, milliseconds from the models' turn to its own, 1 when paused, …},
--        thousandths of rounds among its model's owners in which newcomers will go ahead of it}
-- Cost  O(log n) and at most 64 other owners looked at, none of those who have but one job to go first: of more a sample
--       is taken.
local id = ARGV[1]
local job = job_at(id)
if not job then
  return ''
end
local at = now()
local model, name = model_of(job.model), job.owner
local why = {}
local function because(reason, detail)
  why[#why + 1] = reason
  why[#why + 1] = detail or ''
end

local mine, others, rounds = 0, 0, 0
if job.state == 'waiting' then
  local rank = redis.call('ZRANK', line_of(model, name), id)
  if not rank then
    because('chat_limit', redis.call('HGET', K .. 'chats', job.chat or '') or '0')
    local held = K .. 'held:' .. (job.chat or '') .. ':' .. model.name .. ':' .. name
    rank = (redis.call('ZRANK', held, id) or 0)
      + redis.call('ZCOUNT', line_of(model, name), '-inf', '(' .. (redis.call('ZSCORE', held, id) or '-inf'))
  end
  mine = rank or 0
  -- its start tag, if its owner's other jobs cost what it costs
  local step = math.max(1, job.cost * UNIT / job.weight)
  local stands = tonumber(redis.call('ZSCORE', model.ring, name) or '')
  local start = stands or model.v
  local tag = start + mine * step
  rounds = tag >= model.v + step / 2 and math.min(1000000000, floor(1000 * (tag - model.v) / step)) or 0
  local ahead = redis.call('ZCOUNT', model.ring, '-inf', '(' .. int(tag))
  -- Whoever is less than a job of this size before it has one job to go first; of those farther ahead some are
  -- asked: how much has it waiting, and how much of it before this job's tag.
  local far = redis.call('ZCOUNT', model.ring, '-inf', '(' .. int(tag - step))
  local own, own_far = stands and stands < tag and 1 or 0, stands and stands < tag - step and 1 or 0
  -- neighbours are read together, eight at a time when not all are
  local block = far > LIMIT and 8 or math.max(1, far)
  local sum, looked = 0, 0
  for index = 0, math.min(far, LIMIT) - 1, block do
    local from = math.floor(index * far / math.min(far, LIMIT))
    local others_there = redis.call('ZRANGE', model.ring, from, from + block - 1, 'WITHSCORES')
    for each = 1, #others_there, 2 do
      local other = others_there[each]
      if other ~= name then
        local length = redis.call('ZCARD', line_of(model, other))
        sum = sum + math.min(length, math.ceil((tag - tonumber(others_there[each + 1])) / step))
        looked = looked + 1
      end
    end
  end
  others = ahead - far - (own - own_far)
  if looked > 0 then
    others = others + math.floor(sum / looked * (far - own_far) + 0.5)
  end
end

if job.state == 'waiting' or job.state == 'delayed' then
  local owner = owner_of(name)
  if setting('paused') then
    because('paused', setting('paused'))
  end
  if model.paused then
    because('model_paused', model.paused)
  end
  if owner.paused then
    because('user_paused', redis.call('HGET', K .. 'pauses', name) or '')
  end
  if owner.busy >= setting('user_limit') then
    because('user_limit', int(owner.busy))
  end
  if model.running >= model.limit then
    because('model_limit', int(model.running))
  end
  local rate = redis.call('HMGET', K .. 'rate:' .. model.lane, 'until', 'whole', 'why', 'every')
  if rate[4] then
    -- also when the account would take the next one now: those behind it go at the account's pace
    local ready = math.max(tonumber(rate[1] or '0'), tonumber(rate[2] or '0'))
    because('rate', int(math.max(0, ready - at)) .. ' ' .. rate[4] .. ' ' .. (rate[3] or ''))
  end
end
if job.state == 'active' and redis.call('HEXISTS', K .. 'job:' .. id, 'intent') == 0 then
  -- before anything is created at an account with a cap, one of its places is taken
  local places = K .. 'places:' .. model.lane
  local taken = redis.call('ZCOUNT', places, '(' .. int(at), '+inf')
  if taken > 0 and not redis.call('ZSCORE', places, id) then
    because('place', int(taken))
  end
end
local slots = redis.call('HMGET', K .. 'capacity', '', '*', model.name)
local serving = tonumber(slots[2] or '0') + tonumber(slots[3] or '0')
if serving == 0 then
  because(slots[1] and 'unserved' or 'no_worker')
end

local turn, turns = gauge('turn'), {}
local lanes = redis.call('ZRANGE', K .. 'lanes', 0, -1, 'WITHSCORES')
for index = 1, #lanes, 2 do
  turns[lanes[index]] = tonumber(lanes[index + 1])
end
local around, running = {}, 0
for _, each in ipairs(redis.call('SMEMBERS', K .. 'models')) do
  local other = model_of(each)
  running = running + other.running
  local messages, jobs, period = arriving(other, at)
  if each == model.name and messages > 0 then
    -- that it came itself does not mean that more will
    local rest = math.max(0, messages - 1000 * math.exp(math.min(0, tonumber(job.at) - at) / period))
    messages, jobs = rest, jobs * rest / messages
  end
  if other.waiting > 0 or other.running > 0 or messages > 100 or each == model.name then
    for _, value in ipairs({
      each, int(other.waiting), int(other.work), other.waiting > 0 and queued(other) or 0, int(other.running),
      int(other.typical), int(other.spread), other.limit < math.huge and int(other.limit) or '-1',
      int(messages * 3600 / period), int(jobs * 3600 / period),
      int(floor(((turns[each] or math.max(turn, other.tag)) - turn) / UNIT)), other.paused and '1' or '0',
    }) do
      around[#around + 1] = value
    end
  end
end
return {
  job.state, model.name, int(math.max(0, at - (tonumber(job.claimed) or at))),
  int(math.max(0, (tonumber(job.due) or at) - at)),
  mine, others, why, tonumber(slots[1] or '0'), serving, running, around, rounds,
}
