-- Takes a worker that stops off the list of the living, so that nobody counts on its slots.
-- KEYS  1 prefix
-- ARGV  1 worker
-- Result 1
-- Cost  O(log workers).
redis.call('ZREM', K .. 'alive', ARGV[1])
redis.call('HDEL', K .. 'workers', ARGV[1])
redis.call('HDEL', K .. 'slots', ARGV[1])
-- it may have taken a wake-up with it
if tonumber(redis.call('HGET', K .. 'gauge', 'waiting') or '0') > 0 then
  wake(1)
end
return 1
