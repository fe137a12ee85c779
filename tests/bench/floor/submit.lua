-- Queues jobs. KEYS 1 prefix. ARGV per job: id, body. Result: jobs queued. Cost: 2 commands a job, 2 more in all.
local K = KEYS[1]
for index = 1, #ARGV, 2 do
  redis.call('HSET', K .. 'job:' .. ARGV[index], 'state', 'queued', 'body', ARGV[index + 1])
  redis.call('RPUSH', K .. 'queue', ARGV[index])
end
if redis.call('LLEN', K .. 'wake') == 0 then
  redis.call('RPUSH', K .. 'wake', '1')
end
return #ARGV / 2
