-- Takes a worker that stops off the list of the living, so that nobody counts on its slots.
-- KEYS  1 prefix
-- ARGV  1 worker
-- Result 1
-- Cost  O(log workers + models).
leave(ARGV[1])
-- it may have taken a wake-up with it
for _, model in ipairs(redis.call('ZRANGE', K .. 'lanes', 0, LIMIT - 1)) do
  nudge(model)
end
return 1
