-- The breaker of an account, for all workers: one that stumbled several times in a row is left in peace for a while, ever
-- longer; then one creation tries whether it is back.
-- KEYS  1 prefix
-- ARGV  1 account  2 ask | stumbled | worked
-- Result {milliseconds for which nothing is to be created there, stumbles in a row so far}
-- Cost  O(1).
local key, at, verb = K .. 'breaker:' .. ARGV[1], now(), ARGV[2]
if verb == 'worked' then
  redis.call('DEL', key)
  return { 0, 0 }
end
local ENOUGH, FIRST, LONGEST, TRIAL, KEPT = 3, 5000, 300000, 30000, 3600000
local field = redis.call('HMGET', key, 'stumbles', 'until', 'trial')
local stumbles, rest, trial = tonumber(field[1] or '0'), tonumber(field[2] or '0'), tonumber(field[3] or '0')
if verb == 'stumbled' then
  if at < rest then
    -- begun before the rest, together with those that led to it: no more than they said
    return { rest - at, stumbles }
  end
  stumbles = stumbles + 1
  if stumbles >= ENOUGH then
    rest = at + math.min(LONGEST, FIRST * 2 ^ math.min(10, stumbles - ENOUGH))
  end
  redis.call('HSET', key, 'stumbles', stumbles, 'until', int(rest), 'trial', '0')
  redis.call('PEXPIRE', key, KEPT)
elseif rest > 0 and at >= rest then
  if at < trial then
    return { 1000, stumbles }
  end
  -- whoever asked this is the one that tries; if it never says what came of it, another does
  redis.call('HSET', key, 'trial', int(at + TRIAL))
end
return { math.max(0, rest - at), stumbles }
