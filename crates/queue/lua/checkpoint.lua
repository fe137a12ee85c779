-- Writes how far a job has come, if the writer still holds the job.
-- KEYS  1 prefix
-- ARGV  1 id  2 fence  3 worker  4 checkpoint's name (intent handle outputs sending file delivered; afresh drops the
--       first four, over drops outputs and sending)  5 its value
-- Result 'kept' | 'stale' | 'taken' (a provider handle that belongs to another job)
-- Cost  O(1).
local id, fence, worker, name, value = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = K .. 'job:' .. id
local state, holder_of = string.match(redis.call('HGET', K .. 'holds', id) or '', '^([^\31]*)\31([^\31]*)')
if state ~= 'active' or holder_of ~= fence then
  return 'stale'
end
if name == 'handle' and not take_handle(value, id) then
  return 'taken'
end
local at = now()
if name == 'afresh' or name == 'over' then
  redis.call('HDEL', key, 'outputs', 'sending')
  if name == 'afresh' then
    redis.call('HDEL', key, 'intent', 'handle')
  end
  note(id, at, name, worker, '')
  return 'kept'
end
redis.call('HSET', key, name, value, name .. '_at', int(at))
if name == 'file' then
  -- nothing that happened to the job
  return 'kept'
end
-- values are on the record; the trail says that it happened (a handle is short and worth reading there)
note(id, at, name, worker, name == 'handle' and string.sub(value, 1, 40) or '')
return 'kept'
