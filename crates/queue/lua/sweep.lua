-- Drops the records of jobs that ended too long ago, or are too many or too large together. Whatever ends a job does so
-- in passing; this is for a queue in which none ends.
-- KEYS  1 prefix
-- ARGV  none
-- Result how many were dropped; while it is not 0, there may be more
-- Cost  O(log n), at most 64 records of jobs that succeeded or were cancelled, and as many of dead ones.
local function recorded()
  return redis.call('ZCARD', K .. 'ended') + redis.call('ZCARD', K .. 'dead')
end
local at, before = now(), recorded()
retain('ended', at)
retain('dead', at)
flush(at, true)
return before - recorded()
