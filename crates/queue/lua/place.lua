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
-- as long as the longest of them: a short one must not take the others' places away
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIRE', key, int(tonumber(last) - at))
return 1
