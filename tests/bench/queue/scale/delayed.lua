-- Makes more jobs like one that is delayed: its record and its trail under other ids, due at other times.
-- KEYS 1 prefix. ARGV 1 id of the one, 2 milliseconds after its due time of the first, 3 milliseconds between two,
-- then per job: id, body. Result: how many are delayed now. Cost: a command a job and a few more.
local K, model = KEYS[1], ARGV[1]
local asked = string.match(redis.call('HGET', K .. 'jobs', model), '^([^\30]*\30)')
local held = redis.call('HGET', K .. 'holds', model)
assert(string.match(held, '^delayed\31'), 'the one to copy is delayed')
local was = redis.call('ZSCORE', K .. 'delayed', model)
local due = tonumber(was) + tonumber(ARGV[2])
local before, after = string.match(held, '^(.*\31)' .. was .. '(\31.*)$')
local jobs, holds, delayed = {}, {}, {}
for index = 4, #ARGV, 2 do
  local id, at, next = ARGV[index], string.format('%.0f', due), #jobs + 1
  jobs[next], jobs[next + 1] = id, asked .. ARGV[index + 1]
  holds[next], holds[next + 1] = id, before .. at .. after
  delayed[next], delayed[next + 1] = at, id
  redis.call('COPY', K .. 'trail:' .. model, K .. 'trail:' .. id)
  due = due + tonumber(ARGV[3])
end
redis.call('HSET', K .. 'jobs', unpack(jobs))
redis.call('HSET', K .. 'holds', unpack(holds))
redis.call('ZADD', K .. 'delayed', unpack(delayed))
return redis.call('ZCARD', K .. 'delayed')
