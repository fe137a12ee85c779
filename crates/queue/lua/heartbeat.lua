-- Extends a worker's leases in one call and says which are lost or to be cancelled.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 slots  4 about the worker (JSON)  then pairs: id, fence
-- Result one of 'held' | 'lost' | 'cancel' per pair
-- Cost  O(jobs · log active).
local worker, lease = ARGV[1], tonumber(ARGV[2])
local at = now()
redis.call('HSET', K .. 'gauge', 'pulse', int(at))
-- who is on the list is described already: the three are written and removed together
if redis.call('ZADD', K .. 'alive', int(at + lease), worker) == 1 then
  redis.call('HSET', K .. 'workers', worker, ARGV[4])
  redis.call('HSET', K .. 'slots', worker, ARGV[3])
end
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', K .. 'alive', '-inf', int(at), 'LIMIT', 0, PROMOTIONS)) do
  redis.call('ZREM', K .. 'alive', gone)
  redis.call('HDEL', K .. 'workers', gone)
  redis.call('HDEL', K .. 'slots', gone)
end
local answer = {}
for index = 5, #ARGV, 2 do
  local id = ARGV[index]
  local job = redis.call('HMGET', K .. 'job:' .. id, 'state', 'fence', 'cancel')
  if job[1] ~= 'active' or job[2] ~= ARGV[index + 1] then
    answer[#answer + 1] = 'lost'
  else
    redis.call('ZADD', K .. 'leases', int(at + lease), id)
    answer[#answer + 1] = job[3] and 'cancel' or 'held'
  end
end
return answer
