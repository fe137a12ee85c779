-- Runs a job again: one that is dead or was cancelled as if it had just been accepted, in its old place; one that
-- waits for its next attempt now. The cap on a user's pending jobs does not hold here: it is there for floods of new ones.
-- KEYS  1 prefix
-- ARGV  1 id  2 actor  3 owner `bot:user`, or '' for the operator  4 micros that it is expected to cost, if what holds for
--       a new job of its owner is to hold: budgets, and that a closed queue takes none
-- Result 'waiting' | 'not' (it is not dead, cancelled or delayed) | 'unknown' | 'foreign' | 'closed'
--       | 'poor <budget in the way> <micros left of it>'
-- Cost  O(log n).
local id, actor = ARGV[1], ARGV[2]
local job = job_at(id)
if not job then
  return 'unknown'
end
local state, name, batch = job.state, job.owner, job.batch
if ARGV[3] ~= '' and ARGV[3] ~= name then
  return 'foreign'
end
local at = now()
if state == 'delayed' then
  redis.call('ZREM', K .. 'delayed', id)
elseif state == 'dead' or state == 'cancelled' then
  local price = tonumber(ARGV[4] or '')
  if price and setting('closed') then
    return 'closed'
  end
  price = price or 0
  local budget, left = book.refusal(at, name, job.chat or '', price)
  if budget then
    return 'poor ' .. budget .. ' ' .. int(left)
  end
  -- what it used before is charged; what it will use is put aside anew
  book.reserve(at, name, job.chat or '', { { id, price, job.model } })
  redis.call('ZREM', K .. (state == 'dead' and 'dead' or 'ended'), id)
  redis.call('ZREM', K .. 'notices', 'job:' .. id)
  set_gauge('kept', gauge('kept') - tonumber(job.bytes))
  count('totals', 'retried', 1)
  local owner = owner_of(name)
  owner.pending, owner.dirty = owner.pending + 1, true
  job.ended, job.bytes, job.settled, job.lost, job.cancel, job.attempt, job.class = '', '', '', '', '', '', ''
  local key = K .. 'job:' .. id
  redis.call('HDEL', key, 'detail')
  if redis.call('HEXISTS', key, 'outputs') == 0 then
    -- the prediction ended badly: the next attempt makes another
    redis.call('HDEL', key, 'intent', 'handle', 'sending')
  end
  local group = batch and K .. 'batch:' .. batch
  if group and redis.call('EXISTS', group) == 1 then
    redis.call('HINCRBY', K .. 'batches', batch, 1)
    redis.call('HDEL', group, 'joined')
    redis.call('PERSIST', group)
    redis.call('ZREM', K .. 'notices', 'batch:' .. batch)
  end
else
  return 'not'
end
job.state, job.due = 'waiting', ''
change(job)
enqueue(model_of(job.model), name, job.cost, { job.seq, id })
note(id, at, 'retried', actor, 'it was ' .. state)
flush(at, false)
return 'waiting'
