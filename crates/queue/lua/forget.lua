-- Drops the records of jobs that have ended.
-- KEYS  1 prefix
-- ARGV  1 actor  then ids
-- Result how many were dropped
-- Cost  O(ids · log n), at most 64 ids.
local gone, notices, met = { dead = {}, ended = {} }, {}, {}
look({ unpack(ARGV, 2) })
for index = 2, #ARGV do
  local job = known[ARGV[index]]
  local set = job and (job.state == 'dead' and 'dead' or job.ended ~= '' and 'ended')
  if set and not met[job.id] then
    met[job.id] = true
    gone[set][#gone[set] + 1] = job.id
    notices[#notices + 1] = 'job:' .. job.id
  end
end
for set, ids in pairs(gone) do
  drop(set, ids)
end
if #notices > 0 then
  redis.call('ZREM', K .. 'notices', unpack(notices))
end
flush(now(), true)
return #notices
