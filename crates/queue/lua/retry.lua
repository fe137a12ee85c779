-- Runs a job again: one that is dead or was cancelled as if it had just been accepted, in its old place; one that
-- waits for its next attempt now. The cap on a user's pending jobs does not hold here: it is there for floods of new ones.
-- KEYS  1 prefix
-- ARGV  1 id  2 actor  3 owner `bot:user`, or '' for the operator
-- Result 'waiting' | 'not' (it is not dead, cancelled or delayed) | 'unknown' | 'foreign'
-- Cost  O(log n).
local id, actor = ARGV[1], ARGV[2]
local key = K .. 'job:' .. id
local job = redis.call('HMGET', key, 'state', 'model', 'owner', 'cost', 'seq', 'batch', 'bytes', 'outputs')
if not job[1] then
  return 'unknown'
end
local state, name, batch = job[1], job[3], job[6]
if ARGV[3] ~= '' and ARGV[3] ~= name then
  return 'foreign'
end
local at = now()
if state == 'delayed' then
  redis.call('ZREM', K .. 'delayed', id)
elseif state == 'dead' or state == 'cancelled' then
  redis.call('ZREM', K .. (state == 'dead' and 'dead' or 'ended'), id)
  redis.call('ZREM', K .. 'notices', 'job:' .. id)
  count('gauge', 'kept', -tonumber(job[7] or '0'))
  count('totals', 'retried', 1)
  local owner = owner_of(name)
  owner.pending, owner.dirty = owner.pending + 1, true
  redis.call('HDEL', key, 'ended', 'bytes', 'settled', 'lost', 'cancel', 'attempt', 'class', 'detail')
  if not job[8] then
    -- the prediction ended badly: the next attempt makes another
    redis.call('HDEL', key, 'intent', 'handle', 'sending')
  end
  local group = batch and K .. 'batch:' .. batch
  if group and redis.call('EXISTS', group) == 1 then
    redis.call('HINCRBY', group, state, -1)
    redis.call('HINCRBY', group, 'left', 1)
    redis.call('HDEL', group, 'joined')
    redis.call('PERSIST', group)
    redis.call('ZREM', K .. 'notices', 'batch:' .. batch)
  end
else
  return 'not'
end
redis.call('HSET', key, 'state', 'waiting')
redis.call('HDEL', key, 'due')
enqueue(model_of(job[2]), name, tonumber(job[4]), job[5], id)
note(id, at, 'retried', actor, 'it was ' .. state)
flush(at, false)
return 'waiting'
