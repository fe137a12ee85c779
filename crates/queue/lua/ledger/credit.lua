-- Grants an owner money beyond the day's budget: by hand, or by whoever takes payments. Once for each reference.
-- KEYS  1 prefix
-- ARGV  1 owner `bot:user`  2 reference (unique for each grant)  3 amount in micros  4 actor
-- Result {'granted' | 'known', what is granted and not used yet}
-- Cost  O(1), about 5 commands.
local at, owner = now(), ARGV[1]
local state = 'known'
if redis.call('HSETNX', K .. 'grants', ARGV[2], owner .. '\31' .. int(at)) == 1 then
  redis.call('HINCRBY', K .. 'granted', owner, ARGV[3])
  book.write(owner, at, { { 'grant', tonumber(ARGV[3]), '', ARGV[4] .. ': ' .. ARGV[2] } })
  state = 'granted'
end
return { state, redis.call('HGET', K .. 'granted', owner) or '0' }
