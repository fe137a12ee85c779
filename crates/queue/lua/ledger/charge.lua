-- A provider took money for a job. Once for each creation, however often it is said: the fact is true whoever says it.
-- KEYS  1 prefix
-- ARGV  1 id  2 owner `bot:user`  3 chat `bot:chat`, or ''  4 the creation's name  5 amount in micros  6 about (the model)
-- Result 'charged' | 'known'
-- Cost  O(1), about 8 commands.
local at = now()
local said = K .. 'charge:' .. redis.sha1hex(ARGV[1] .. '\31' .. ARGV[4])
-- a job may be retried for days; nothing is retried for longer than its record is kept
if not redis.call('SET', said, '1', 'NX', 'EX', 8 * 86400) then
  return 'known'
end
book.charge(at, ARGV[2], ARGV[3], ARGV[1], tonumber(ARGV[5]), ARGV[6])
return 'charged'
