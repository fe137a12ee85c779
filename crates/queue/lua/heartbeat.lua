-- Extends a worker's leases in one call and says which are lost or to be cancelled.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 slots  4 about the worker (JSON)  5 milliseconds for which it counts as
--       living  6 amnesty as in step.lua  7 number of models served (0 = all), then the models, then the number of lanes, then pairs: model, lane
--       then pairs: id, fence
-- Result {milliseconds until the next lease may run out (-1 = none), then 'held' | 'lost' | 'cancel' per pair}
-- Cost  O(jobs · log active).
local worker, lease = ARGV[1], tonumber(ARGV[2])
local at = now()
spared(at, tonumber(ARGV[6]))
local served = tonumber(ARGV[7])
local lanes = tonumber(ARGV[8 + served])
local base = 8 + served + 2 * lanes
-- who is on the list is described already: the four are written and removed together
if redis.call('ZADD', K .. 'alive', int(at + tonumber(ARGV[5])), worker) == 1 then
  local models = {}
  for index = 1, served do
    models[index] = ARGV[7 + index]
  end
  arrive(worker, ARGV[3], ARGV[4], served == 0 and { '*' } or models)
  for index = 9 + served, base, 2 do
    redis.call('HSET', K .. 'model:' .. ARGV[index], 'lane', ARGV[index + 1])
    redis.call('SADD', K .. 'models', ARGV[index])
  end
end
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', K .. 'alive', '-inf', int(at), 'LIMIT', 0, LIMIT)) do
  leave(gone)
end
local answer = { -1 }
for index = base + 1, #ARGV, 2 do
  local id = ARGV[index]
  local job = redis.call('HMGET', K .. 'job:' .. id, 'state', 'fence', 'cancel')
  if job[1] ~= 'active' or job[2] ~= ARGV[index + 1] then
    answer[#answer + 1] = 'lost'
  else
    redis.call('ZADD', K .. 'leases', int(at + lease), id)
    answer[#answer + 1] = job[3] and 'cancel' or 'held'
  end
end
-- whoever sleeps must know when there may be a lost job to take over
local next_lease = redis.call('ZRANGE', K .. 'leases', 0, 0, 'WITHSCORES')[2]
if next_lease then
  answer[1] = math.max(0, tonumber(next_lease) - at)
end
return answer
