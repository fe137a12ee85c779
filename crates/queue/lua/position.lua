-- Where a job stands and when it is likely to be done.
-- KEYS  1 prefix
-- ARGV  1 id  then pairs of the catalogue: model, typical milliseconds before anything was measured
-- Result '' when unknown, else {state, jobs ahead, slots alive, jobs running, milliseconds of work ahead,
--        own typical milliseconds, milliseconds since its claim}
-- Cost  O(models · log n).
local id = ARGV[1]
local job = redis.call('HMGET', K .. 'job:' .. id, 'state', 'model', 'seq', 'claimed')
if not job[1] then
  return ''
end
local typical = {}
for index = 2, #ARGV, 2 do
  typical[ARGV[index]] = tonumber(ARGV[index + 1])
end
local measured = redis.call('HGETALL', K .. 'typical')
for index = 1, #measured, 2 do
  typical[measured[index]] = tonumber(measured[index + 1])
end
local at = now()
local slots = 0
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K .. 'alive', int(at), '+inf', 'LIMIT', 0, 1000)) do
  slots = slots + tonumber(redis.call('HGET', K .. 'slots', worker) or '0')
end
local ahead, work = 0, 0
if job[1] == 'waiting' then
  for _, model in ipairs(redis.call('ZRANGE', K .. 'lanes', 0, -1)) do
    local count = redis.call('ZCOUNT', K .. 'line:' .. model, '-inf', '(' .. job[3])
    ahead = ahead + count
    work = work + count * (typical[model] or 10000)
  end
end
local running = 0
local active = redis.call('HGETALL', K .. 'running')
for index = 1, #active, 2 do
  running = running + tonumber(active[index + 1])
  -- on average a running job is half done
  work = work + tonumber(active[index + 1]) * (typical[active[index]] or 10000) / 2
end
return { job[1], ahead, slots, running, int(work), int(typical[job[2]] or 10000), int(at - tonumber(job[4] or at)) }
