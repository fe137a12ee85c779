-- Records the chat message that a job will be edited into; the first writer wins.
-- KEYS  1 prefix
-- ARGV  1 id  2 message  3 '' or the message that is known to be gone and may be replaced
-- Result the message recorded, or '' when the job is not known
-- Cost  O(1).
if redis.call('HEXISTS', K .. 'jobs', ARGV[1]) == 0 then
  return ''
end
local key = K .. 'job:' .. ARGV[1]
local slot = redis.call('HGET', key, 'slot')
if not slot or slot == ARGV[3] then
  redis.call('HSET', key, 'slot', ARGV[2])
  -- whoever claims it finds by this that something was written
  if redis.call('HEXISTS', K .. 'holds', ARGV[1]) == 0 then
    change(job_at(ARGV[1]))
    save()
  end
  return ARGV[2]
end
return slot
