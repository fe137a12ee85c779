-- Asks leave to send or edit something in a chat: one budget for all processes of a bot.
-- KEYS  1 prefix
-- ARGV  1 bot  2 chat  3 cost  4 burst of the chat  5 milliseconds a unit of the chat
--       6 burst of the bot  7 milliseconds a unit of the bot  8 '' for sends, ':e' for edits: each has its own budget
--       9 most units of a minute in the chat, 0 for no such limit  10 milliseconds that are such a minute
--       11 what may wait leaves so many units of the minute to the results that are still to come, '' when it may not wait
--       12 how many results the caller knows to be coming
--       13 the kind of call, as floods name it
-- Result 0 (go) | milliseconds to wait before asking again, negative when it is the bot's budget that is used up
-- Cost  O(1). Virtual scheduling (GCRA): a key holds the moment at which the budget is whole again. A minute is counted:
--       a list holds the moments of its last units.
local at = now()
local bot_key = K .. 'pace:' .. ARGV[1] .. ARGV[8]
local chat_key = K .. 'pace:' .. ARGV[1] .. ':' .. ARGV[2] .. ARGV[8]
local minute_key = chat_key .. ':m'
local held = 0
for _, whose in ipairs({ ARGV[1], ARGV[1] .. ':' .. ARGV[2] }) do
  for _, what in ipairs({ '', '/' .. ARGV[13] }) do
    held = math.max(held, tonumber(redis.call('GET', K .. 'park:' .. whose .. what) or '0'))
  end
end
local cost = tonumber(ARGV[3])
local most, minute = tonumber(ARGV[9]), tonumber(ARGV[10])
if ARGV[11] ~= '' then
  local running = tonumber(redis.call('HGET', K .. 'chats', ARGV[1] .. ':' .. ARGV[2]) or '0')
  most = math.min(most, tonumber(ARGV[11]) - math.max(running, tonumber(ARGV[12])))
  if most < cost then
    return minute
  end
end
-- the longest list that any urgency looks at
local REMEMBERED = 32
-- What was let go may be counted so many milliseconds later, when its upload is through, and what follows at once: the
-- budget of a chat in use is whole that much later than it seems from here; an album has several uploads.
local UNDER_WAY = 300
local ALBUM_UNDER_WAY = 500

local function look(key, burst, unit, under_way)
  local known = tonumber(redis.call('GET', key) or '0')
  local busy = known > 0 and math.max(known + under_way - at, 0) or 0
  return math.max(known, at) + cost * unit, busy - (burst - cost) * unit
end

local chat_whole, chat_wait = look(chat_key, tonumber(ARGV[4]), tonumber(ARGV[5]), UNDER_WAY)
local bot_whole, bot_wait = look(bot_key, tonumber(ARGV[6]), tonumber(ARGV[7]), 0)
if most > 0 then
  -- the unit that must have left the minute before so many more may come
  local oldest = redis.call('LINDEX', minute_key, math.max(0, most - cost))
  if oldest then
    chat_wait = math.max(chat_wait, tonumber(oldest) + minute - at)
  end
end
local own_wait = math.max(held - at, chat_wait, 0)
if own_wait > 0 or bot_wait > 0 then
  return own_wait >= bot_wait and math.ceil(own_wait) or -math.ceil(bot_wait)
end
if cost > 1 then
  chat_whole = chat_whole + ALBUM_UNDER_WAY
end
redis.call('SET', chat_key, int(chat_whole), 'PX', int(math.max(1, chat_whole - at + UNDER_WAY)))
redis.call('SET', bot_key, int(bot_whole), 'PX', int(math.max(1, bot_whole - at)))
if most > 0 then
  for _ = 1, cost do
    redis.call('LPUSH', minute_key, int(at))
  end
  redis.call('LTRIM', minute_key, 0, REMEMBERED - 1)
  redis.call('EXPIRE', minute_key, math.ceil(minute / 1000))
end
return 0
