-- Records the chat message that a job will be edited into; the first writer wins.
-- KEYS  1 prefix
-- ARGV  1 id  2 message  3 '' or the message that is known to be gone and may be replaced
-- Result the message recorded, or '' when the job is not known
-- Cost  O(1).
local key = K .. 'job:' .. ARGV[1]
local job = redis.call('HMGET', key, 'state', 'slot')
if not job[1] then
  return ''
end
if not job[2] or job[2] == ARGV[3] then
  redis.call('HSET', key, 'slot', ARGV[2])
  return ARGV[2]
end
return job[2]
