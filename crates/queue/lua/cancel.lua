-- Stops a job: at once while it waits, through its worker while it runs. The worker's heartbeat brings the wish for
-- certain; the published id makes it fast.
-- KEYS  1 prefix
-- ARGV  1 id  2 actor  3 owner `bot:user`, or '' for the operator  4 '1' when a worker is to tell the chat
-- Result 'cancelled' | 'asked' (its worker will stop it) | 'ended' | 'unknown' | 'foreign'
-- Cost  O(log n).
local id, actor = ARGV[1], ARGV[2]
local key = K .. 'job:' .. id
local job = redis.call('HMGET', key, 'state', 'model', 'owner', 'cancel', 'chat', 'cost', 'batch', 'size')
if not job[1] then
  return 'unknown'
end
if ARGV[3] ~= '' and ARGV[3] ~= job[3] then
  return 'foreign'
end
local at = now()
if job[1] == 'waiting' then
  leave_line(at, model_of(job[2]), job[3], id, job[5], tonumber(job[6]))
elseif job[1] == 'delayed' then
  redis.call('ZREM', K .. 'delayed', id)
elseif job[1] == 'active' then
  if not job[4] then
    redis.call('HSET', key, 'cancel', actor)
    note(id, at, 'cancel_asked', actor, '')
  end
  redis.call('PUBLISH', K .. 'cancel', id)
  return 'asked'
else
  return 'ended'
end
finish(id, at, 'cancelled', job[3], job[7], job[8])
note(id, at, 'cancelled', actor, '')
if ARGV[4] == '1' then
  notify(at, 'job:' .. id)
end
flush(at, false)
return 'cancelled'
