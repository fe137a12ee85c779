-- Settles all jobs that just ended and claims for all free slots. KEYS 1 prefix.
-- ARGV 1 seconds for which ended jobs are kept, 2 jobs wanted, then ids of ended jobs.
-- Result: id, body, id, body, … Cost: 2 commands a job settled, 2 a job claimed, 2 more in all.
local K = KEYS[1]
for index = 3, #ARGV do
  local key = K .. 'job:' .. ARGV[index]
  redis.call('HSET', key, 'state', 'done')
  redis.call('EXPIRE', key, ARGV[1])
end
if #ARGV > 2 then
  redis.call('INCRBY', K .. 'done', #ARGV - 2)
end
local answer = {}
local want = tonumber(ARGV[2])
if want > 0 then
  for _, id in ipairs(redis.call('LPOP', K .. 'queue', want) or {}) do
    local key = K .. 'job:' .. id
    redis.call('HSET', key, 'state', 'running')
    answer[#answer + 1] = id
    answer[#answer + 1] = redis.call('HGET', key, 'body')
  end
end
return answer
