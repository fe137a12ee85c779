-- Who does something that one process does at a time: kept by whoever has it, free when that one falls silent.
-- KEYS  1 prefix
-- ARGV  1 name  2 holder  3 milliseconds for which it is kept, 0 gives it back
-- Result 1 when the holder has it now | 0 (somebody else has it, or it was given back)
-- Cost  O(1).
local key = K .. 'lead:' .. ARGV[1]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[2] then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', key)
  return 0
end
redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
return 1
