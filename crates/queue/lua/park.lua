-- Remembers a flood wait (429): nothing is sent to the chat (or by the bot at all) before it is over.
-- KEYS  1 prefix
-- ARGV  1 bot  2 chat, or '' for all of the bot's  3 milliseconds
-- Result 1
-- Cost  O(1).
local key = K .. 'park:' .. ARGV[1] .. (ARGV[2] ~= '' and ':' .. ARGV[2] or '')
local until_at = now() + tonumber(ARGV[3])
if until_at > tonumber(redis.call('GET', key) or '0') then
  redis.call('SET', key, int(until_at), 'PX', ARGV[3])
end
return 1
