-- Ends workers' holds on jobs: done, cancelled, dead, tried again later, or handed over to another worker.
-- KEYS  1 prefix
-- ARGV  per hold, at most 32: id, fence, worker, verdict: done | cancelled | dead | retry | release,
--       milliseconds to wait (retry), failure class, detail
-- Result per hold: 'settled' (also when the same fence settled it before) | 'stale'
-- Cost  O(holds · log n); at most 64 old records dropped.
local at = now()
local typical, freed, wakes = {}, {}, 0

-- smooths over the runs of a model; written once at the end
local function learn(model, took)
  local known = typical[model] or tonumber(redis.call('HGET', K .. 'typical', model) or int(took))
  typical[model] = known + (took - known) * 0.2
end

local function settle(id, fence, worker, verdict, wait, class, detail)
  local key = K .. 'job:' .. id
  local job = redis.call('HMGET', key, 'state', 'fence', 'settled', 'model', 'bot', 'user', 'claimed', 'seq',
    'attempt')
  if job[3] == fence then
    return 'settled'
  end
  if job[1] ~= 'active' or job[2] ~= fence then
    return 'stale'
  end
  local model, owner = job[4], job[5] .. ':' .. job[6]
  freed[#freed + 1] = id
  count('running', model, -1)
  if verdict == 'done' then
    -- a job that was taken over in the middle says nothing about how long one takes
    if tonumber(job[9]) == 1 then
      learn(model, at - tonumber(job[7]))
    end
    finish(id, at, 'done', owner, 'settled', fence)
    note(id, at, 'done', worker, '')
  elseif verdict == 'cancelled' then
    finish(id, at, 'cancelled', owner, 'settled', fence)
    note(id, at, 'cancelled', worker, detail)
  elseif verdict == 'dead' then
    finish(id, at, 'dead', owner, 'settled', fence, 'class', class, 'detail', detail)
    note(id, at, 'dead', worker, class .. ': ' .. detail)
  elseif verdict == 'retry' then
    local due = at + tonumber(wait)
    redis.call('HSET', key, 'settled', fence, 'state', 'delayed', 'due', int(due), 'class', class, 'detail', detail)
    redis.call('ZADD', K .. 'delayed', int(due), id)
    note(id, at, 'retry', worker, class .. ': ' .. detail .. ' (again in ' .. wait .. ' ms)')
    -- a worker asleep until an earlier moment must learn of the new due time
    wakes = wakes + 1
  else
    redis.call('HSET', key, 'settled', fence, 'state', 'waiting', 'attempt', int(tonumber(job[9]) - 1))
    count('gauge', 'waiting', 1)
    enline(id, model, job[8])
    note(id, at, 'handed_over', worker, detail)
    wakes = wakes + 1
  end
  return 'settled'
end

local answer = {}
for index = 1, #ARGV, 7 do
  answer[#answer + 1] = settle(unpack(ARGV, index, index + 6))
end
if #freed > 0 then
  redis.call('ZREM', K .. 'leases', unpack(freed))
end
for model, took in pairs(typical) do
  redis.call('HSET', K .. 'typical', model, int(took))
end
flush()
if wakes > 0 then
  wake(wakes)
end
return answer
