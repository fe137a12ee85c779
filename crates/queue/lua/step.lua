-- A worker's step: ends holds on jobs (done, cancelled, dead, tried again later, put off, handed over), then gives up
-- to `want` jobs, each under a lease with a new fencing token. Promotes due jobs, takes back expired leases and
-- brings back models whose rate allows more in passing.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 want  4 milliseconds for which leases are spared (0, unless the worker was cut off)
--       5 lost leases after which a job is dead without another look  6 notices wanted
--       7 number of ends  8 number of models served (0 = all), then the models
--       then per end, at most 32: id, fence, verdict: done | cancelled | dead | retry | postpone | throttle | release,
--       milliseconds to wait (retry, postpone, throttle), failure class, detail
--       (postpone, throttle and release burn no attempt; throttle also closes the model's rate lane for the wait)
-- Result {milliseconds to the next moment of interest (-1 = none),
--         {per end: 'settled' (also when the same fence settled it before) | 'stale'},
--         {notice, …},
--         {id, fence, attempt, lost, what was asked with its body, who wants it cancelled or '', {field, value, …}}, …}
-- Cost  O((ends + want + promotions + reaps) · log n), promotions and reaps at most 64 each; about 3 commands for a
--       job's end and the next one's claim, and some 30 for all.

at, worker, want = now(), string.gsub(ARGV[1], '%c', ' '), tonumber(ARGV[3])
user_limit, chat_limit = setting('user_limit'), setting('chat_limit')
rates, freed, rings, lines, parkings, short = {}, {}, {}, {}, 0, false
local served, notices = { unpack(ARGV, 9, 8 + tonumber(ARGV[8])) }, {}
local answers = end_holds(ARGV, 8 + #served)
spare, turn = spared(at, tonumber(ARGV[4])), gauge('turn')
fall_due(tonumber(ARGV[5]))
local jobs = claim(served, tonumber(ARGV[2]))

local notice = first('notices')
if notice <= at and tonumber(ARGV[6]) > 0 then
  notices = redis.call('ZRANGEBYSCORE', K .. 'notices', '-inf', int(at), 'LIMIT', 0, ARGV[6])
  for _, what in ipairs(notices) do
    -- whoever does not confirm in time is taken for dead, and another tells
    redis.call('ZADD', K .. 'notices', int(at + 30000), what)
  end
  notice = first('notices')
end

local soonest = math.min(due, gate, expiry, tonumber(ARGV[6]) > 0 and notice or math.huge)
if short and #jobs < want then
  soonest = at
end
return { soonest < math.huge and math.max(0, math.ceil(soonest - at)) or -1, answers, notices, unpack(jobs) }
