-- Extends a worker's leases in one call and says which are lost or to be cancelled.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 slots  4 about the worker (JSON)  5 milliseconds for which it counts as
--       living  6 amnesty as in step.lua  7 number of models served (0 = all), then the models, then the number of lanes, then pairs: model, lane
--       then pairs: id, fence
-- Result {milliseconds until the next lease may run out (-1 = none), then 'held' | 'lost' | 'cancel' per pair}
-- Cost  O(jobs · log active).
local TOGETHER = 1000 -- leases of one command
local worker, lease = ARGV[1], tonumber(ARGV[2])
local at = now()
if tonumber(ARGV[6]) > 0 then
  spared(at, tonumber(ARGV[6]))
  write_gauges()
end
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
local answer, expires = { -1 }, int(at + lease)
for from = base + 1, #ARGV, 2 * TOGETHER do
  local ids, leases = {}, {}
  for index = from, math.min(from + 2 * TOGETHER, #ARGV) - 1, 2 do
    ids[#ids + 1] = ARGV[index]
  end
  for index, held in ipairs(redis.call('HMGET', K .. 'holds', unpack(ids))) do
    local state, fence, cancel = string.match(held or '', '^([^\31]*)\31([^\31]*)\31([^\31]*)')
    if state ~= 'active' or fence ~= ARGV[from + 2 * index - 1] then
      answer[#answer + 1] = 'lost'
    else
      leases[#leases + 1] = expires
      leases[#leases + 1] = ids[index]
      answer[#answer + 1] = cancel ~= '' and 'cancel' or 'held'
    end
  end
  if #leases > 0 then
    redis.call('ZADD', K .. 'leases', unpack(leases))
  end
end
-- whoever sleeps must know when there may be a lost job to take over
local next_lease = redis.call('ZRANGE', K .. 'leases', 0, 0, 'WITHSCORES')[2]
if next_lease then
  answer[1] = math.max(0, tonumber(next_lease) - at)
end
return answer
