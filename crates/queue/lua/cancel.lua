-- Stops a job: at once while it waits, through its worker while it runs. The worker's heartbeat brings the wish for
-- certain; the published id makes it fast.
-- KEYS  1 prefix
-- ARGV  1 id  2 actor  3 owner `bot:user`, or '' for the operator  4 '1' when a worker is to tell the chat; a job that
--       may have left something at its provider always comes to a worker
-- Result 'cancelled' | 'asked' (its worker will stop it) | 'ended' | 'unknown' | 'foreign'
-- Cost  O(log n).
local id, actor = ARGV[1], ARGV[2]
local job = job_at(id)
if not job then
  return 'unknown'
end
if ARGV[3] ~= '' and ARGV[3] ~= job.owner then
  return 'foreign'
end
local at = now()
if job.state == 'waiting' then
  leave_line(at, model_of(job.model), job)
elseif job.state == 'delayed' then
  redis.call('ZREM', K .. 'delayed', id)
elseif job.state == 'active' then
  if job.cancel == '' then
    job.cancel = string.gsub(actor, '%c', ' ')
    change(job)
    save()
    note(id, at, 'cancel_asked', actor, '')
  end
  redis.call('PUBLISH', K .. 'cancel', id)
  return 'asked'
else
  return 'ended'
end
-- something of it may run at the provider
local begun = redis.call('HEXISTS', K .. 'job:' .. id, 'intent') == 1
finish(job, at, 'cancelled')
note(id, at, 'cancelled', actor, '')
if ARGV[4] == '1' or begun then
  notify(at, 'job:' .. id)
end
flush(at, false)
return 'cancelled'
