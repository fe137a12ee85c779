-- Put behind base.lua in front of whatever moves money: what is reserved, charged, given back, granted.
-- Amounts are whole millionths of a dollar. A paid job has a purse from its acceptance to its end; every change is an
-- entry of its owner's ledger, and the sums of a day are what the budgets are compared with. Whatever is missing is free.
local book = {}
local ENTRIES = 2000 -- entries kept of an owner; older ones live on as sums by kind

local function day_of(at)
  return int(math.floor(at / 86400000))
end

-- adds to what everybody, a chat and, of `mine`, an owner used on a day
function book.use(day, owner, chat, amount, mine)
  if amount == 0 then
    return
  end
  local key = K .. 'spent:' .. day
  redis.call('HINCRBY', key, 'all', int(amount))
  if mine ~= 0 then
    redis.call('HINCRBY', key, 'u:' .. owner, int(mine))
  end
  if chat ~= '' then
    redis.call('HINCRBY', key, 'c:' .. chat, int(amount))
  end
  redis.call('EXPIRE', key, 8 * 86400)
end

-- Lines of an owner's ledger, each {kind, amount, job, about}; what they push out at its beginning is kept as sums.
function book.write(owner, at, entries)
  local key, lines = K .. 'ledger:' .. owner, {}
  for index, entry in ipairs(entries) do
    lines[index] = table.concat({ int(at), entry[1], int(entry[2]), entry[3], entry[4] }, '\31')
  end
  for _ = ENTRIES + 1, redis.call('RPUSH', key, unpack(lines)) do
    local was, sum = string.match(redis.call('LPOP', key) or '', '^%d+\31(%l+)\31(%d+)')
    if was then
      redis.call('HINCRBY', K .. 'opening', owner .. ' ' .. was, sum)
    end
  end
end

-- Whether the jobs of an owner may cost that much: nil, or the budget in the way and what is left of it.
function book.refusal(at, owner, chat, amount)
  if amount == 0 then
    return nil
  end
  local limits = redis.call('HMGET', K .. 'budgets', 'all', 'user', 'chat', 'u:' .. owner)
  local used = redis.call('HMGET', K .. 'spent:' .. day_of(at), 'all', 'u:' .. owner, 'c:' .. chat)
  local mine = limits[4] or limits[2]
  local left = function(limit, sum)
    return limit and math.max(0, tonumber(limit) - tonumber(sum or '0')) or math.huge
  end
  if left(limits[1], used[1]) < amount then
    return 'all', left(limits[1], used[1])
  end
  if chat ~= '' and left(limits[3], used[3]) < amount then
    return 'chat', left(limits[3], used[3])
  end
  local own = left(mine, used[2])
  if own < amount then
    -- what was granted pays for what the day's budget does not
    own = own + tonumber(redis.call('HGET', K .. 'granted', owner) or '0')
    if own < amount then
      return 'user', own
    end
  end
  return nil
end

-- Puts the estimates of jobs aside, each {id, amount, model}. Only after book.refusal had nothing against their sum.
function book.reserve(at, owner, chat, jobs)
  local day = day_of(at)
  local limits = redis.call('HMGET', K .. 'budgets', 'user', 'u:' .. owner)
  local limit = tonumber(limits[2] or limits[1] or 'inf') or math.huge
  if limit < math.huge then
    limit = math.max(0, limit - tonumber(redis.call('HGET', K .. 'spent:' .. day, 'u:' .. owner) or '0'))
  end
  local purses, entries, sum, sum_granted = {}, {}, 0, 0
  for _, job in ipairs(jobs) do
    local id, amount, about = unpack(job)
    if amount > 0 then
      -- what the day's budget does not pay for, a grant does
      local granted = math.max(0, amount - limit)
      limit = limit - (amount - granted)
      sum, sum_granted = sum + amount, sum_granted + granted
      purses[#purses + 1] = id
      purses[#purses + 1] = table.concat({ owner, chat, day, int(amount), int(granted), '0' }, '\31')
      entries[#entries + 1] = { 'reserve', amount, id, about }
    end
  end
  if #entries == 0 then
    return
  end
  if sum_granted > 0 then
    redis.call('HINCRBY', K .. 'granted', owner, int(-sum_granted))
  end
  -- what grants pay for does not use up the owner's budget of the day
  book.use(day, owner, chat, sum, sum - sum_granted)
  redis.call('HSET', K .. 'purses', unpack(purses))
  book.write(owner, at, entries)
end

function book.purse(packed)
  local owner, chat, day, amount, granted, charged =
    string.match(packed or '', '^([^\31]*)\31([^\31]*)\31(%d+)\31(%d+)\31(%d+)\31(%d+)$')
  if not owner then
    return nil
  end
  return {
    owner = owner, chat = chat, day = day, amount = tonumber(amount), granted = tonumber(granted),
    charged = tonumber(charged),
  }
end

-- A provider took money for a job: out of its purse; what the purse does not hold is used on top of it.
function book.charge(at, owner, chat, job, amount, about)
  local purse = book.purse(redis.call('HGET', K .. 'purses', job))
  if purse then
    local beyond = math.max(0, amount - math.max(0, purse.amount - purse.charged))
    book.use(purse.day, purse.owner, purse.chat, beyond, beyond)
    purse.charged = purse.charged + amount
    redis.call('HSET', K .. 'purses', job, table.concat({ purse.owner, purse.chat, purse.day, int(purse.amount),
      int(purse.granted), int(purse.charged) }, '\31'))
  else
    book.use(day_of(at), owner, chat, amount, amount)
  end
  redis.call('HINCRBY', K .. 'charged', owner, int(amount))
  book.write(owner, at, { { 'charge', amount, job, about } })
end

-- a job ended: its purse is closed with all others of this call
function book.close(job)
  book.closing[#book.closing + 1] = job
end

-- Gives back what the ended jobs did not use, to where it came from: grants first.
function book.settle(at)
  if #book.closing == 0 then
    return
  end
  local purses = redis.call('HMGET', K .. 'purses', unpack(book.closing))
  for index, job in ipairs(book.closing) do
    local purse = purses[index] and book.purse(purses[index])
    if purse then
      local rest = math.max(0, purse.amount - purse.charged)
      local back = math.min(rest, purse.granted)
      if back > 0 then
        redis.call('HINCRBY', K .. 'granted', purse.owner, int(back))
      end
      book.use(purse.day, purse.owner, purse.chat, -rest, back - rest)
      redis.call('HDEL', K .. 'purses', job)
      if rest > 0 then
        book.write(purse.owner, at, { { 'release', rest, job, '' } })
      end
    end
  end
  book.closing = {}
end
