-- Makes more jobs like one that is delayed: its record and its trail under other ids, due at other times.
-- KEYS 1 prefix. ARGV 1 id of the one, 2 milliseconds after its due time of the first, 3 milliseconds between two,
-- then per job: id, body. Result: how many are delayed now. Cost: 5 commands a job.
local K, model = KEYS[1], ARGV[1]
local record = K .. 'job:' .. model
assert(redis.call('HGET', record, 'state') == 'delayed', 'the one to copy is delayed')
local due = tonumber(redis.call('ZSCORE', K .. 'delayed', model)) + tonumber(ARGV[2])
for index = 4, #ARGV, 2 do
  local id, at = ARGV[index], string.format('%.0f', due)
  redis.call('COPY', record, K .. 'job:' .. id)
  redis.call('HSET', K .. 'job:' .. id, 'due', at)
  redis.call('SET', K .. 'body:' .. id, ARGV[index + 1])
  redis.call('COPY', K .. 'trail:' .. model, K .. 'trail:' .. id)
  redis.call('ZADD', K .. 'delayed', at, id)
  due = due + tonumber(ARGV[3])
end
return redis.call('ZCARD', K .. 'delayed')
