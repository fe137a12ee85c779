-- A group has another id now: what was chosen in it goes along, and what was used up of its limits.
-- KEYS  1 prefix
-- ARGV  1 bot  2 the chat as it was  3 as it is now
-- Result 1
-- Cost  O(choices, and people who asked for pictures in two days). What jobs in flight give back is not looked for: until
--       the day ends the group has less for it, not more.
local from, to = ARGV[1] .. ':' .. ARGV[2], ARGV[1] .. ':' .. ARGV[3]
local today = math.floor(now() / 86400000)

-- what was chosen there already stays
local chosen = redis.call('HGETALL', K .. 'prefs:' .. from)
for index = 1, #chosen, 2 do
  redis.call('HSETNX', K .. 'prefs:' .. to, chosen[index], chosen[index + 1])
end
redis.call('DEL', K .. 'prefs:' .. from)

for day = today - 1, today do
  local old, new = K .. 'daily:' .. from .. ':' .. int(day), K .. 'daily:' .. to .. ':' .. int(day)
  local counts = redis.call('HGETALL', old)
  for index = 1, #counts, 2 do
    redis.call('HINCRBY', new, counts[index], counts[index + 1])
  end
  if #counts > 0 then
    redis.call('EXPIRE', new, 2 * 86400)
    redis.call('DEL', old)
  end
  local spent = K .. 'spent:' .. int(day)
  local used = redis.call('HGET', spent, 'c:' .. from)
  if used then
    redis.call('HINCRBY', spent, 'c:' .. to, used)
    redis.call('HDEL', spent, 'c:' .. from)
  end
end
return 1
