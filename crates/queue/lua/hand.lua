-- Of a submit: what was accepted is handed to a worker that waits for it, claimed as its own step would claim it. That
-- spares a job the wake-up and another call.
local LAST = '7' -- of the offers that are looked at, counted from 0
local OFFER = '^(%C*)' .. FIELD .. FIELD .. '$'

-- The worker that offers most to one of these models, and listens: who does not has lost its connection or its life, and
-- offers anew when it has another.
local function offering(names)
  local offers = redis.call('ZRANGE', K .. 'offers', '0', LAST, 'REV', 'WITHSCORES')
  for index = 1, #offers, 2 do
    local name, lease, models = match(offers[index], OFFER)
    local slots, served, serves = tonumber(offers[index + 1]), {}, models == ''
    if slots <= 0 then
      break
    end
    for model in string.gmatch(models or '', '[^,]+') do
      served[#served + 1] = model
      serves = serves or names[model]
    end
    if serves then
      -- a user that may not ask this has nothing handed on, and is not refused
      local heard = redis.pcall('PUBSUB', 'NUMSUB', K .. 'hand:' .. name)
      if tonumber(heard[2] or 0) > 0 then
        return { member = offers[index], slots = slots, worker = name, lease = lease, served = served }
      end
      redis.call('ZREM', K .. 'offers', offers[index])
    end
  end
  return nil
end

-- Jobs of an owner that has no other waiting, for a model that nobody waits for: they stand in their line and their owner in
-- the ring as enqueue() puts them there, but only those that stay are written. Whether the owner came to stand at the
-- model's time.
local function stand_by(model, owner, cost, jobs)
  local newcomer, ids = join_ring(model, owner, jobs[1]), {}
  for index = 2, #jobs, 2 do
    ids[#ids + 1] = jobs[index]
  end
  local line = { key = line_of(model, owner), taken = 0, read = #ids + 1, slice = ids, unwritten = jobs }
  local entry = { owner = owner, score = stand_of(model, owner).ring, line = line }
  rings[model.name] = { users = 1, all = 0, read = 0, first = 1, last = 1, depth = #ids + 1, unwritten = true, entry }
  lines[1], model.queued = line, 1
  model.waiting, model.work = model.waiting + #ids, model.work + cost
  return newcomer
end

-- Claims for it and tells it of the jobs; how many there were.
local function hand(offer)
  local jobs = claim(offer.served, tonumber(offer.lease))
  if #jobs == 0 then
    return 0
  end
  -- to nothing left, which is not the same as no offer
  redis.call('ZADD', K .. 'offers', TEXT[offer.slots - #jobs], offer.member)
  -- The moment; per job what a step answers, with how many fields were written. Each has its length before it.
  local time = stamp_of(at)
  local parts = { TEXT[#time] .. ':' .. time }
  for index = 1, #jobs do
    local job = jobs[index]
    local id, fence, attempt, lost, asked, cancel, written = unpack(job)
    attempt, lost = TEXT[attempt], TEXT[lost]
    local many = TEXT[#written]
    parts[#parts + 1] = TEXT[#id] .. ':' .. id .. TEXT[#fence] .. ':' .. fence .. TEXT[#attempt] .. ':' .. attempt
      .. TEXT[#lost] .. ':' .. lost .. TEXT[#asked] .. ':' .. asked .. TEXT[#cancel] .. ':' .. cancel
      .. TEXT[#many] .. ':' .. many
    for place = 1, #written do
      parts[#parts + 1] = TEXT[#written[place]] .. ':' .. written[place]
    end
  end
  redis.call('PUBLISH', K .. 'hand:' .. worker, table.concat(parts))
  return #jobs
end
