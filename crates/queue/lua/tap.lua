-- A button was pressed: the first press counts, those that follow at once are the same wish.
-- KEYS  1 prefix
-- ARGV  1 bot  2 user  3 data of the button  4 update  5 milliseconds
-- Result 1 (go on; also when this very update comes again) | 0 (another press was first)
-- Cost  O(1).
local key = K .. 'tap:' .. ARGV[1] .. ':' .. ARGV[2] .. ':' .. ARGV[3]
local known = redis.call('GET', key)
if known then
  return known == ARGV[4] and 1 or 0
end
redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
return 1
