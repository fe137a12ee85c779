-- The queue at one moment.
-- KEYS  1 prefix
-- ARGV  none
-- Result {{delayed, active, dead, ended, kept bytes, owners with jobs, paused ('' = no), closed ('' = no)},
--         {model, waiting, queued ms, owners waiting, running, typical ms, spread ms, limit (-1 = none), slots,
--          oldest waiting ms (-1 = none), paused ('' = no), lane, lane closed for ms, ms a job of the lane (0 = free), …},
--         {worker, `slots, models, about`, …}, {total's name, value, …}, {setting, value, …}}
-- Cost  O(models + workers), at most 1,000 workers.
local at = now()
local every = redis.call('HGET', K .. 'capacity', '*') or '0'
local models = {}
for _, each in ipairs(redis.call('SMEMBERS', K .. 'models')) do
  local model = model_of(each)
  local oldest = -1
  local first = redis.call('ZRANGE', model.ring, 0, 0)[1]
  local id = first and redis.call('ZRANGE', line_of(model, first), 0, 0)[1]
  if id then
    local job = job_at(id)
    oldest = at - tonumber(job and job.at or at)
  end
  local rate = redis.call('HMGET', K .. 'rate:' .. model.lane, 'until', 'every')
  for _, value in ipairs({
    each, int(model.waiting), int(model.work), redis.call('ZCARD', model.ring), int(model.running),
    int(model.typical), int(model.spread), model.limit < math.huge and int(model.limit) or '-1',
    int(tonumber(every) + tonumber(redis.call('HGET', K .. 'capacity', each) or '0')), int(oldest),
    model.paused or '', model.lane, int(math.max(0, tonumber(rate[1] or '0') - at)), rate[2] or '0',
  }) do
    models[#models + 1] = value
  end
end
local workers = {}
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K .. 'alive', int(at), '+inf', 'LIMIT', 0, 1000)) do
  workers[#workers + 1] = worker
  workers[#workers + 1] = redis.call('HGET', K .. 'workers', worker) or ''
end
return { {
  redis.call('ZCARD', K .. 'delayed'), redis.call('ZCARD', K .. 'leases'), redis.call('ZCARD', K .. 'dead'),
  redis.call('ZCARD', K .. 'ended'), gauge('kept'),
  redis.call('HLEN', K .. 'owners'), setting('paused') or '', setting('closed') or '',
}, models, workers, redis.call('HGETALL', K .. 'totals'), redis.call('HGETALL', K .. 'settings') }
