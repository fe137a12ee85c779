-- Of a step: what providers' accounts allow.

-- A lane is a provider's account. It is not limited until it refuses a job (429). Then it is closed for as long as was
-- said, and slow: one job per that wait, faster with every success, carefully near the pace that was refused.
local function rate_of(name)
  if rates[name] == nil then
    local field = redis.call('HMGET', K .. 'rate:' .. name, 'every', 'refused', 'whole', 'until')
    rates[name] = field[1] and {
      every = tonumber(field[1]), refused = tonumber(field[2]), whole = tonumber(field[3]), closed = tonumber(field[4]),
    } or false
  end
  return rates[name]
end

local function throttle(name, wait, detail)
  local rate = rate_of(name) or { every = 0, refused = 0, whole = 0, closed = 0 }
  if at >= rate.closed then
    -- Of a fan-out that is refused together, the first says it all. Whoever came a little early is told how early: that
    -- much slower is enough.
    rate.every = math.min(60000, math.max(wait, math.min(math.floor(rate.every * 1.5), rate.every + wait)))
    rate.refused, rate.why = rate.every, detail
  end
  rate.closed = math.max(rate.closed, at + wait)
  rate.whole = math.max(rate.whole, rate.closed)
  rate.dirty = true
  rates[name] = rate
end

local function relax(name)
  local rate = rate_of(name)
  if rate then
    rate.every = math.floor(rate.every * (rate.every > rate.refused * 1.1 and 0.7 or rate.every > 2000 and 0.98 or 0.8))
    rate.dirty = true
  end
end

local function write_rates()
  for name, rate in pairs(rates) do
    local key = K .. 'rate:' .. name
    if rate and rate.dirty and rate.every < 50 and rate.closed <= at then
      redis.call('DEL', key)
    elseif rate and rate.dirty then
      redis.call('HSET', key, 'every', int(rate.every), 'refused', int(rate.refused), 'whole', int(rate.whole),
        'until', int(rate.closed))
      if rate.why then
        redis.call('HSET', key, 'why', rate.why)
      end
      redis.call('PEXPIRE', key, int(math.max(0, rate.closed - at) + 3600000))
    end
  end
end
