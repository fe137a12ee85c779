-- Of a step: who waits for a model, and whose job is the next.

-- the owners that wait for a model, by tag: read as far as claims get, kept in order
local rings = {}
local function before(one, other)
  return one.score < other.score or one.score == other.score and one.owner < other.owner
end

local function insert(ring, entry)
  -- from behind: owners are read in order, and whoever was served is among the last
  local index = #ring
  while index > 0 and before(entry, ring[index]) do
    ring[index + 1] = ring[index]
    index = index - 1
  end
  ring[index + 1] = entry
end

local function read_on(model, ring)
  local slice = redis.call('ZRANGE', model.ring, ring.read, ring.read + want, 'WITHSCORES')
  local names = {}
  for index = 1, #slice, 2 do
    local owner, score = slice[index], tonumber(slice[index + 1])
    insert(ring, { owner = owner, score = score })
    ring.last = { owner = owner, score = score }
    names[#names + 1] = owner
  end
  ring.read = ring.read + want + 1
  know(names)
end

-- the ring with the owner whose turn it is in front; who stands behind all that was read may stand behind others too
local function ring_of(model)
  local ring = rings[model.name]
  if not ring then
    ring = { users = queued(model), read = 0 }
    ring.all = ring.users
    -- how many jobs of each of its owners are likely to be claimed, and the one behind them
    ring.depth = math.ceil(want / math.max(1, ring.users)) + 1
    ring.deepest = int(ring.depth - 1)
    rings[model.name] = ring
  end
  while ring.read < ring.all and (not ring[1] or before(ring.last, ring[1])) do
    read_on(model, ring)
  end
  return ring
end

-- the jobs of one owner on one model, in their order
local lines = {}
local function line_at(model, owner)
  local key = line_of(model, owner)
  local line = lines[key]
  if not line then
    line = { key = key, taken = 0, read = rings[model.name].depth }
    line.slice = redis.call('ZRANGE', key, '0', rings[model.name].deepest, 'WITHSCORES')
    lines[key] = line
  end
  if line.taken == line.read and #line.slice == 2 * line.read then
    line.read = line.read + want
    line.slice = redis.call('ZRANGE', key, 0, line.read - 1, 'WITHSCORES')
  end
  return line, line.slice[2 * line.taken + 1], line.slice[2 * line.taken + 2]
end

-- the first of a ring gets another tag, or leaves it, with a tag that is kept apart or without
local function rescore(model, ring, score, tag)
  local entry = table.remove(ring, 1)
  local stand = { ring = score, tag = tag and ahead(model, tag), ringed = true, tagged = false }
  model.stands[entry.owner], model.moved[entry.owner] = stand, stand
  model.dirty = true
  if score then
    entry.score = score
    insert(ring, entry)
  else
    ring.users = ring.users - 1
  end
end

-- Those of a ring who come next have their jobs read together.
local function look_ahead(model, ring, need)
  local ids = {}
  for index = 1, math.min(#ring, need) do
    local line = line_at(model, ring[index].owner)
    for place = line.taken + 1, math.min(line.taken + ring.depth - 1, #line.slice / 2) do
      ids[#ids + 1] = line.slice[2 * place - 1]
    end
  end
  look(ids, true)
end

-- the next job of a model that may run, and its owner's tag after it; `need` more are wanted
local function pop(model, need)
  local ring = ring_of(model)
  while ring[1] do
    local entry = ring[1]
    local owner = owners[entry.owner]
    local line, id, score = line_at(model, entry.owner)
    if owner.paused or owner.busy >= setting('user_limit') then
      park(model, entry.owner)
      rescore(model, ring, nil, entry.score + boosted(score))
      parkings = parkings + 1
    elseif not id then
      rescore(model, ring, nil)
    else
      if not known[id] or not known[id].asked then
        look_ahead(model, ring, need)
      end
      line.taken = line.taken + 1
      local job = known[id]
      local turn_of = entry.score
      local tag = turn_of + boosted(score)
      local limit = job and job.chat and setting('chat_limit') or math.huge
      local full = limit < math.huge and tonumber(redis.call('HGET', K .. 'chats', job.chat) or '0') >= limit
      local runs = job and not full
      local after = runs and tag + math.floor(job.cost * UNIT / job.weight) or tag
      local _, following, head = line_at(model, entry.owner)
      if following then
        rescore(model, ring, after - boosted(head))
      else
        rescore(model, ring, nil, after)
      end
      if runs then
        -- an urgent job went ahead of its turn, the model's time did not
        model.v = math.max(model.v, turn_of)
        owner.busy, owner.dirty = owner.busy + 1, true
        if job.chat then
          redis.call('HINCRBY', K .. 'chats', job.chat, 1)
        end
        return job, after
      elseif full then
        hold_back(model, entry.owner, job.chat, id, score)
        parkings = parkings + 1
      else
        -- its record is gone
        model.waiting = model.waiting - 1
      end
    end
    if parkings >= LIMIT then
      -- enough for one step: the next one may find more behind those that were parked
      short = true
      break
    end
    ring = ring_of(model)
  end
  return nil
end
