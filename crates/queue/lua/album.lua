-- The messages that the jobs of one message share: its albums, and the message under them. Who is about to send one says
-- so first; what may have been sent is not sent again.
-- KEYS  1 prefix
-- ARGV  1 batch  2 'claim' | 'posted' | 'release'  3 part  4 the messages when posted  5 seconds to remember
-- Result 1 when it is so now | 0 (claim: somebody else claimed or posted it; release: it was posted)
-- Cost  O(1).
local key = K .. 'album:' .. ARGV[1]
local verb, part = ARGV[2], ARGV[3]
local known = redis.call('HGET', key, part)
if verb == 'claim' then
  if known then
    return 0
  end
  redis.call('HSET', key, part, '?')
elseif verb == 'posted' then
  redis.call('HSET', key, part, ARGV[4])
elseif known == '?' then
  redis.call('HDEL', key, part)
else
  return 0
end
redis.call('EXPIRE', key, ARGV[5])
return 1
