-- Gives a provider's prediction to a job that is over and may have begun it, unless it belongs to another job.
-- KEYS  1 prefix
-- ARGV  1 id of the job  2 the provider's name for the prediction
-- Result 1 (it is the job's) | 0 (it is another's)
-- Cost  O(1).
local claim = K .. 'handle:' .. redis.sha1hex(ARGV[2])
local holder = redis.call('GET', claim)
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', claim, ARGV[1], 'EX', 7200)
return 1
