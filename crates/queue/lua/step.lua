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
-- as it stands on records
local worker, lease, want = string.gsub(ARGV[1], '%c', ' '), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = now()
local user_limit, chat_limit = setting('user_limit'), setting('chat_limit')
