-- Takes an owner's name off what was paid: the entries go, their sums stay as nobody's, so that the books go on adding up.
-- What was used up of the limits of a day stays until it ends, and what was granted is the owner's.
-- KEYS  1 prefix
-- ARGV  1 owner `bot:user`  2 the name that the sums have from now on
-- Result 1
-- Cost  O(entries), at most 2,000 of them.
local owner, sums = ARGV[1], { reserve = 0, charge = 0, release = 0, grant = 0 }
for _, line in ipairs(redis.call('LRANGE', K .. 'ledger:' .. owner, 0, -1)) do
  local kind, amount = match(line, '^%d+\31(%l+)\31(%d+)')
  if sums[kind] then
    sums[kind] = sums[kind] + tonumber(amount)
  end
end
for kind, sum in pairs(sums) do
  local older = owner .. ' ' .. kind
  sum = sum + tonumber(redis.call('HGET', K .. 'opening', older) or '0')
  if sum > 0 then
    redis.call('HINCRBY', K .. 'opening', ARGV[2] .. ' ' .. kind, int(sum))
    redis.call('HDEL', K .. 'opening', older)
  end
end
local charged = redis.call('HGET', K .. 'charged', owner)
if charged then
  redis.call('HINCRBY', K .. 'charged', ARGV[2], charged)
  redis.call('HDEL', K .. 'charged', owner)
end
redis.call('DEL', K .. 'ledger:' .. owner)
return 1
