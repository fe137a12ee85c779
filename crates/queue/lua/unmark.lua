-- Takes a mark away, if it still says what was read: another may have been set meanwhile.
-- KEYS  1 prefix
-- ARGV  1 name  2 what it said
-- Result 1 (it is gone) | 0 (it says something else, or there is none)
-- Cost  O(1).
local key = K .. 'mark:' .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then
  return 0
end
redis.call('DEL', key)
return 1
