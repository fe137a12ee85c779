-- Ends a worker's hold on a job: done, cancelled, dead, tried again later, or handed over to another worker.
-- KEYS  1 prefix
-- ARGV  1 id  2 fence  3 worker  4 verdict: done | cancelled | dead | retry | release
--       5 milliseconds to wait (retry)  6 failure class  7 detail
-- Result 'settled' (also when the same fence settled it before) | 'stale'
-- Cost  O(log n), at most 64 old records dropped.
local id, fence, worker, verdict = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = K .. 'job:' .. id
local job = redis.call('HMGET', key, 'state', 'fence', 'settled', 'model', 'bot', 'user', 'claimed', 'seq',
  'attempt')
if job[3] == fence then
  return 'settled'
end
if job[1] ~= 'active' or job[2] ~= fence then
  return 'stale'
end
local at = now()
local model, owner = job[4], job[5] .. ':' .. job[6]
redis.call('HSET', key, 'settled', fence)
unlease(id, model)
if verdict == 'done' then
  -- a job that was taken over in the middle says nothing about how long one takes
  if tonumber(job[9]) == 1 then
    local took = at - tonumber(job[7])
    local known = tonumber(redis.call('HGET', K .. 'typical', model) or int(took))
    redis.call('HSET', K .. 'typical', model, int(known + (took - known) * 0.2))
  end
  finish(id, at, 'done', owner)
  note(id, at, 'done', worker, '')
elseif verdict == 'cancelled' then
  finish(id, at, 'cancelled', owner)
  note(id, at, 'cancelled', worker, ARGV[7])
elseif verdict == 'dead' then
  redis.call('HSET', key, 'class', ARGV[6], 'detail', ARGV[7])
  finish(id, at, 'dead', owner)
  note(id, at, 'dead', worker, ARGV[6] .. ': ' .. ARGV[7])
elseif verdict == 'retry' then
  local due = at + tonumber(ARGV[5])
  redis.call('HSET', key, 'state', 'delayed', 'due', int(due), 'class', ARGV[6], 'detail', ARGV[7])
  redis.call('ZADD', K .. 'delayed', int(due), id)
  note(id, at, 'retry', worker, ARGV[6] .. ': ' .. ARGV[7] .. ' (again in ' .. ARGV[5] .. ' ms)')
  -- a worker asleep until an earlier moment must learn of the new due time
  wake(1)
else
  redis.call('HSET', key, 'state', 'waiting')
  redis.call('HINCRBY', key, 'attempt', -1)
  redis.call('HINCRBY', K .. 'gauge', 'waiting', 1)
  enline(id, model, job[8])
  note(id, at, 'handed_over', worker, ARGV[7])
  wake(1)
end
return 'settled'
