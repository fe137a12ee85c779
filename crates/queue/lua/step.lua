-- A worker's step: ends holds on jobs (done, cancelled, dead, tried again later, put off, handed over), then gives up
-- to `want` jobs, each under a lease with a new fencing token. Promotes due jobs, takes back expired leases and
-- brings back models whose rate allows more in passing.
-- KEYS  1 prefix
-- ARGV  1 worker  2 lease in milliseconds  3 want  4 milliseconds for which leases are spared (0, unless the worker was cut off)
--       5 lost leases after which a job is dead without another look  6 notices wanted
--       7 slots that the worker has on offer, as far as it knows; -1 = it does not know; '' = the offer stays as it is.
--         '-1 <moment>' and, each behind a comma, the jobs that it holds: what it was given before that moment it may have
--         missed, and what it does not hold goes back to its line; what it was given since then is on its way
--       8 number of ends  9 number of models served (0 = all), then the models
--       then per end, at most 32: id, fence, verdict: done | cancelled | dead | retry | postpone | throttle | release,
--       milliseconds to wait (retry, postpone, throttle), failure class, detail
--       (postpone, throttle and release burn no attempt; throttle also closes the model's rate lane for the wait)
-- Result {milliseconds to the next moment of interest (-1 = none),
--         {per end: 'settled' (also when the same fence settled it before) | 'stale'},
--         {notice, …}, slots on offer from now on (-1 = as they were), jobs handed to the worker that it did not know of,
--         {id, fence, attempt, lost, what was asked with its body, who wants it cancelled or '', {field, value, …}}, …}
-- Cost  O((ends + want + promotions + reaps) · log n), promotions and reaps at most 64 each; about 3 commands for a
--       job's end and the next one's claim, and some 30 for all.

call_of(string.gsub(ARGV[1], '%c', ' '), tonumber(ARGV[3]))
local served, notices = { unpack(ARGV, 10, 9 + tonumber(ARGV[9])) }, {}
local offer, said, offered, away, rest = offer_of(ARGV[2], served), ARGV[7], nil, 0, -1
if said ~= '' and said ~= '0' then
  offered = tonumber(redis.call('ZSCORE', K .. 'offers', offer) or nil)
  -- of an offer that was taken away nothing is known
  away = offered and math.max(0, (tonumber(said) or 0) - offered) or 0
end
local answers = end_holds(ARGV, 9 + #served)
local missed = match(said, '^%-1 (%d+)')
if missed then
  away = give_back(said, tonumber(missed))
end
want = math.max(0, want - away)
spare = spared(at, tonumber(ARGV[4]))
fall_due(tonumber(ARGV[5]))
local jobs = claim(served, tonumber(ARGV[2]))

if said ~= '' then
  rest = short and 0 or want - #jobs
  if rest == 0 and offered then
    redis.call('ZREM', K .. 'offers', offer)
  elseif rest > 0 and rest ~= offered then
    redis.call('ZADD', K .. 'offers', TEXT[rest], offer)
  end
end

local notice = ARGV[6] == '0' and math.huge or first('notices')
if notice <= at then
  notices = redis.call('ZRANGEBYSCORE', K .. 'notices', '-inf', int(at), 'LIMIT', 0, ARGV[6])
  for _, what in ipairs(notices) do
    -- whoever does not confirm in time is taken for dead, and another tells
    redis.call('ZADD', K .. 'notices', int(at + 30000), what)
  end
  notice = first('notices')
end

local soonest = math.min(due, gate, expiry, notice)
if short and #jobs < want then
  soonest = at
end
return { soonest < math.huge and math.max(0, math.ceil(soonest - at)) or -1, answers, notices, rest, away, unpack(jobs) }
