-- The queue at one moment.
-- KEYS  1 prefix
-- ARGV  none
-- Result {waiting, delayed, active, dead, ended, milliseconds the oldest waiting job has waited (-1 = none),
--         {model, waiting, running, typical milliseconds, …}, {worker, slots, about, …}, {total's name, value, …}}
-- Cost  O(models + workers), at most 1,000 workers.
local at = now()
local models, known = {}, {}
local function add(model)
  if not known[model] then
    known[model] = true
    models[#models + 1] = model
    models[#models + 1] = redis.call('ZCARD', K .. 'line:' .. model)
    models[#models + 1] = tonumber(redis.call('HGET', K .. 'running', model) or '0')
    models[#models + 1] = tonumber(redis.call('HGET', K .. 'typical', model) or '-1')
  end
end
for _, set in ipairs({ 'running', 'typical' }) do
  for _, model in ipairs(redis.call('HKEYS', K .. set)) do
    add(model)
  end
end
local oldest = -1
local waiting = 0
for index, model in ipairs(redis.call('ZRANGE', K .. 'lanes', 0, -1)) do
  add(model)
  if index == 1 then
    local id = redis.call('ZRANGE', K .. 'line:' .. model, 0, 0)[1]
    oldest = at - tonumber(id and redis.call('HGET', K .. 'job:' .. id, 'accepted') or at)
  end
  waiting = waiting + redis.call('ZCARD', K .. 'line:' .. model)
end
local workers = {}
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K .. 'alive', int(at), '+inf', 'LIMIT', 0, 1000)) do
  workers[#workers + 1] = worker
  workers[#workers + 1] = tonumber(redis.call('HGET', K .. 'slots', worker) or '0')
  workers[#workers + 1] = redis.call('HGET', K .. 'workers', worker) or '{}'
end
return {
  waiting, redis.call('ZCARD', K .. 'delayed'), redis.call('ZCARD', K .. 'leases'), redis.call('ZCARD', K .. 'dead'),
  redis.call('ZCARD', K .. 'ended'), oldest, models, workers, redis.call('HGETALL', K .. 'totals'),
}
