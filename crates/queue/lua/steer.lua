-- Steers the queue: pause, resume, drain, reopen, limits. Every change is logged with its actor.
-- KEYS  1 prefix
-- ARGV  1 verb: pause | resume | close | reopen | limit  2 actor  3 what: 'queue' | 'model' | 'user' | a setting's name
--       4 which: a model, an owner `bot:user`, or ''  5 why (pause, close) or a number ('' = no limit)
-- Result {1 when something changed, parked owners that are still to be brought back}: repeat while the second is not 0
-- Cost  O(log n); at most 64 owners brought back or chats looked at.
-- one line of what operators did
local function log(at, actor, kind, detail)
  redis.call('RPUSH', K .. 'actions', int(at) .. '\31' .. kind .. '\31' .. actor .. '\31' .. detail)
  redis.call('LTRIM', K .. 'actions', -1000, -1)
end
local verb, actor, what, which, value = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local at = now()
local changed, left = false, 0

local function set(hash, field, value)
  local before = redis.call('HGET', K .. hash, field)
  if value then
    redis.call('HSET', K .. hash, field, value)
  else
    redis.call('HDEL', K .. hash, field)
  end
  return (before or '') ~= (value or '')
end

-- a pause says since when, by whom and why; the same again changes nothing, not even since when
local function hold(hash, field, on)
  local why = actor .. ' ' .. value
  local before = redis.call('HGET', K .. hash, field)
  if on and before and string.match(before, '^%d+ (.*)$') == why then
    return false
  end
  return set(hash, field, on and int(at) .. ' ' .. why or nil)
end

local function wake_all()
  for _, each in ipairs(redis.call('SMEMBERS', K .. 'models')) do
    model_of(each).dirty = true
  end
end

local function unpark_some()
  local names = redis.call('SRANDMEMBER', K .. 'parked', LIMIT)
  for _, name in ipairs(names) do
    local owner = owner_of(name)
    if not owner.paused and owner.busy < setting('user_limit') then
      unpark(name)
      left = -1
    end
  end
  left = left == -1 and redis.call('SCARD', K .. 'parked') or 0
end

if verb == 'pause' or verb == 'resume' then
  local on = verb == 'pause'
  if what == 'queue' then
    changed = hold('settings', 'paused', on)
    wake_all()
  elseif what == 'model' then
    changed = hold('model:' .. which, 'paused', on)
    redis.call('SADD', K .. 'models', which)
    local model = model_of(which)
    model.known, model.dirty = true, true
  else
    local owner = owner_of(which)
    changed = hold('pauses', which, on)
    owner.paused, owner.dirty = on, true
    if not on then
      unpark(which)
    end
  end
elseif verb == 'close' or verb == 'reopen' then
  changed = set('settings', 'closed', verb == 'close' and value or nil)
elseif what == 'model' then
  changed = set('model:' .. which, 'limit', value ~= '' and value or nil)
  redis.call('SADD', K .. 'models', which)
  local model = model_of(which)
  model.known, model.dirty = true, true
else
  changed = set('settings', what, value ~= '' and value or nil)
  if what == 'user_limit' then
    unpark_some()
  elseif what == 'chat_limit' then
    for _, chat in ipairs(redis.call('SRANDMEMBER', K .. 'held', LIMIT)) do
      unhold(at, chat, tonumber(redis.call('HGET', K .. 'chats', chat) or '0'))
    end
    -- the steps do the rest
    if redis.call('ZUNIONSTORE', K .. 'roomy', 1, K .. 'held', 'WEIGHTS', int(at)) > 0 then
      set_gauge('room', 1)
    end
  end
end
if changed then
  log(at, actor, verb, what .. ' ' .. which .. ' ' .. value)
end
flush(at, false)
return { changed and 1 or 0, left }
