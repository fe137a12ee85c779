-- Remembers a flood wait (429): nothing of what it is about is sent before it is over. Telegram never says whether it was the
-- chat's pace or the bot's: when several chats hear it at once it was the bot's, for as long as the shortest of their waits.
-- KEYS  1 prefix
-- ARGV  1 bot  2 chat, or '' for all of the bot's  3 milliseconds  4 the kind of call, or '' for all kinds
-- Result 1
-- Cost  O(1).
local at = now()
local kind = ARGV[4] ~= '' and '/' .. ARGV[4] or ''
-- so many chats within so long
local MANY, AT_ONCE, REMEMBERED = 3, 5000, 16

local function park(whose, till)
  local key = K .. 'park:' .. whose .. kind
  if till > tonumber(redis.call('GET', key) or '0') then
    redis.call('SET', key, int(till), 'PX', int(till - at))
  end
end

local till = at + tonumber(ARGV[3])
if ARGV[2] == '' then
  park(ARGV[1], till)
  return 1
end
park(ARGV[1] .. ':' .. ARGV[2], till)
local key = K .. 'floods:' .. ARGV[1] .. kind
redis.call('LPUSH', key, int(at) .. ' ' .. ARGV[2] .. ' ' .. int(till))
redis.call('LTRIM', key, 0, REMEMBERED - 1)
redis.call('EXPIRE', key, AT_ONCE / 1000)
local chats, count, shortest = {}, 0, math.huge
for _, flood in ipairs(redis.call('LRANGE', key, 0, -1)) do
  local when, chat, ends = string.match(flood, '^(%d+) (%S+) (%d+)$')
  if tonumber(when) > at - AT_ONCE and not chats[chat] then
    chats[chat], count = true, count + 1
    shortest = math.min(shortest, tonumber(ends))
  end
end
if count >= MANY and shortest > at then
  park(ARGV[1], shortest)
end
return 1
