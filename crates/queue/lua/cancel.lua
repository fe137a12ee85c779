-- Stops a job: at once while it waits, through its worker's heartbeat while it runs.
-- KEYS  1 prefix
-- ARGV  1 id  2 actor  3 owner `bot:user`, or '' for the operator
-- Result 'cancelled' | 'asked' (its worker will stop it) | 'ended' | 'unknown' | 'foreign'
-- Cost  O(log n).
local id, actor = ARGV[1], ARGV[2]
local key = K .. 'job:' .. id
local job = redis.call('HMGET', key, 'state', 'model', 'bot', 'user', 'cancel')
if not job[1] then
  return 'unknown'
end
local owner = job[3] .. ':' .. job[4]
if ARGV[3] ~= '' and ARGV[3] ~= owner then
  return 'foreign'
end
local at = now()
if job[1] == 'waiting' then
  redis.call('ZREM', K .. 'line:' .. job[2], id)
  relane(job[2])
  count('gauge', 'waiting', -1)
elseif job[1] == 'delayed' then
  redis.call('ZREM', K .. 'delayed', id)
elseif job[1] == 'active' then
  if not job[5] then
    redis.call('HSET', key, 'cancel', actor)
    note(id, at, 'cancel_asked', actor, '')
  end
  return 'asked'
else
  return 'ended'
end
finish(id, at, 'cancelled', owner)
note(id, at, 'cancelled', actor, '')
flush()
return 'cancelled'
