-- Takes or keeps one of the places at an account, of which all workers together have so many; or gives it up.
-- KEYS  1 prefix
-- ARGV  1 account  2 holder  3 places  4 milliseconds for which it is taken; 0 gives it up
-- Result 1 (it is theirs, or was) | 0 (all are taken)
-- Cost  O(log n), and at most 64 places of those who fell silent.
local key, at, holder, hold = K .. 'places:' .. ARGV[1], now(), ARGV[2], tonumber(ARGV[4])
if hold == 0 then
  redis.call('ZREM', key, holder)
  return 1
end
local silent = redis.call('ZRANGEBYSCORE', key, '-inf', int(at), 'LIMIT', 0, LIMIT)
if #silent > 0 then
  redis.call('ZREM', key, unpack(silent))
end
if not redis.call('ZSCORE', key, holder) and redis.call('ZCARD', key) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('ZADD', key, int(at + hold), holder)
if redis.call('PTTL', key) < hold then
  -- the places of others last as long as they were taken for
  redis.call('PEXPIRE', key, int(hold))
end
return 1
