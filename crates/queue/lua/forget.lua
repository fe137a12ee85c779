-- Drops the records of jobs that have ended.
-- KEYS  1 prefix
-- ARGV  1 actor  then ids
-- Result how many were dropped
-- Cost  O(ids · log n), at most 64 ids.
local dropped = 0
for index = 2, #ARGV do
  local state = redis.call('HGET', K .. 'job:' .. ARGV[index], 'state')
  if state == 'dead' or state == 'done' or state == 'cancelled' then
    drop(state == 'dead' and 'dead' or 'ended', ARGV[index])
    redis.call('ZREM', K .. 'notices', 'job:' .. ARGV[index])
    dropped = dropped + 1
  end
end
flush(now(), true)
return dropped
