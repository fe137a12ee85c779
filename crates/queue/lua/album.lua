-- The messages that the jobs of one message share: its albums, and the message under them. Who is about to send one says
-- so first, and keeps saying so while it waits for its turn; what may have been sent is not sent again.
-- KEYS  1 prefix
-- ARGV  1 batch  2 'wait' | 'send' | 'posted' | 'release' | 'lost'  3 part  4 the messages when posted, else who is about
--       to send, '' when somebody asks whether a send is lost  5 seconds to remember
--       6 milliseconds for which a wait or a send holds unless it is renewed
-- Result 1 when it is so now | 0 (wait, send: it was sent, or somebody else waits to; release: it was posted, or is
--       somebody else's; lost: it is being sent, or was not)
-- Cost  O(parts of the message).
-- A part holds `~<who>\31<until>` while somebody waits to send it, `?<who>\31<until>` while it is being sent, `!` when it may
-- be in the chat and nobody will ever say, then its messages. A notice sees to it that what nobody waits for any longer is
-- taken up by a worker.
local key, notice = K .. 'album:' .. ARGV[1], 'album:' .. ARGV[1]
local verb, part, at = ARGV[2], ARGV[3], now()
local known = redis.call('HGET', key, part)
local who, till = string.match(known or '', '^~([^\31]*)\31(%d+)$')
local free = not known or who and (who == ARGV[4] or tonumber(till) <= at)
local sender, sending = string.match(known or '', '^%?([^\31]*)\31?(%d*)$')
local held = int(at + tonumber(ARGV[6]))

local function settle()
  for _, value in ipairs(redis.call('HGETALL', key)) do
    if string.sub(value, 1, 1) == '~' then
      return
    end
  end
  redis.call('ZREM', K .. 'notices', notice)
end

if verb == 'wait' then
  if sender and sender == ARGV[4] and sending ~= '' then
    -- it is being sent still
    redis.call('HSET', key, part, '?' .. sender .. '\31' .. held)
  end
  if not free then
    return 0
  end
  redis.call('HSET', key, part, '~' .. ARGV[4] .. '\31' .. held)
  redis.call('ZADD', K .. 'notices', held, notice)
elseif verb == 'send' then
  if not free then
    return 0
  end
  redis.call('HSET', key, part, '?' .. ARGV[4] .. '\31' .. held)
elseif verb == 'posted' then
  redis.call('HSET', key, part, ARGV[4])
  settle()
elseif verb == 'lost' then
  if known == '!' then
    return 1
  end
  if not sender or sender ~= ARGV[4] and (tonumber(sending) or 0) > at then
    return 0
  end
  redis.call('HSET', key, part, '!')
elseif sender and (sender == ARGV[4] or sending == '') or who == ARGV[4] then
  redis.call('HDEL', key, part)
  settle()
else
  return 0
end
redis.call('EXPIRE', key, ARGV[5])
return 1
