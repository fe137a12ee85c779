-- Takes, keeps or gives up a seat that one process at a time may hold.
-- KEYS  1 prefix
-- ARGV  1 seat  2 who  3 milliseconds for which it is taken; 0 gives it up
-- Result 1 (it is, or was, theirs) | 0 (somebody else has it)
-- Cost  O(1).
local key = K .. 'seat:' .. ARGV[1]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[2] then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', key)
else
  redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
end
return 1
