-- Of a step: who waits for a model, and whose job is the next.

-- A ring holds the owners that wait for a model, by tag: read as far as claims get, kept in order between `first` and
-- `last`.
local function insert(ring, entry)
  -- from behind: owners are read in order, and whoever was served is among the last
  local index, score, owner = ring.last, entry.score, entry.owner
  while index >= ring.first do
    local other = ring[index]
    if other.score < score or other.score == score and other.owner < owner then
      break
    end
    ring[index + 1] = other
    index = index - 1
  end
  ring[index + 1] = entry
  ring.last = ring.last + 1
end

local function read_on(model, ring)
  local slice = redis.call('ZRANGE', model.ring, ring.read, ring.read + want, 'WITHSCORES')
  local names = {}
  for index = 1, #slice, 2 do
    local owner, score = slice[index], tonumber(slice[index + 1])
    insert(ring, { owner = owner, score = score, line = false })
    ring.far, ring.farthest = score, owner
    names[#names + 1] = owner
  end
  ring.read = ring.read + want + 1
  know(names)
end

-- the ring with the owner whose turn it is in front; who stands behind all that was read may stand behind others too
local function ring_of(model)
  local ring = rings[model.name]
  if not ring then
    ring = { users = queued(model), read = 0, first = 1, last = 0 }
    ring.all = ring.users
    -- how many jobs of each of its owners are likely to be claimed, and the one behind them
    ring.depth = math.ceil(want / math.max(1, ring.users)) + 1
    ring.deepest = int(ring.depth - 1)
    rings[model.name] = ring
  end
  while ring.read < ring.all do
    local front = ring[ring.first]
    if front and (front.score < ring.far or front.score == ring.far and front.owner <= ring.farthest) then
      break
    end
    read_on(model, ring)
  end
  return ring
end

-- The jobs of one owner on one model, in their order. Their numbers are not read with them: a job's record says its own,
-- and Redis takes longer to write one than to find the job.
local function line_at(model, ring, entry)
  local line = entry.line
  if not line then
    local key = line_of(model, entry.owner)
    line = { key = key, taken = 0, read = ring.depth, slice = redis.call('ZRANGE', key, '0', ring.deepest) }
    entry.line, lines[#lines + 1] = line, line
  elseif line.taken == line.read and #line.slice == line.read then
    line.read = line.read + want
    line.slice = redis.call('ZRANGE', line.key, 0, line.read - 1)
  end
  return line
end

-- how far the first of a line that was not taken brings its owner forward
local function boost_of(line)
  if line.unwritten then
    return boosted(line.unwritten[2 * line.taken + 1])
  end
  return boosted(redis.call('ZRANGE', line.key, line.taken, line.taken, 'WITHSCORES')[2])
end

-- the first of a ring gets another tag, or leaves it, with a tag that is kept apart or without
local function rescore(model, ring, score, tag)
  local first = ring.first
  local entry = ring[first]
  local owner = entry.owner
  -- whoever was only read stands in the ring and nowhere else
  local was = model.stands[owner]
  local stand = {
    ring = score, tag = tag and ahead(model, tag), ringed = not was or was.ringed, tagged = was and was.tagged,
  }
  ring[first], ring.first = nil, first + 1
  model.stands[owner], model.moved[owner], model.dirty = stand, stand, true
  if score then
    entry.score = score
    insert(ring, entry)
  else
    ring.users = ring.users - 1
  end
end

-- Those of a ring who come next have their jobs read together.
local function look_ahead(model, ring, need)
  local ids, many = {}, 0
  for index = ring.first, math.min(ring.last, ring.first + need - 1) do
    local line = line_at(model, ring, ring[index])
    local slice = line.slice
    for place = line.taken + 1, math.min(line.taken + ring.depth - 1, #slice) do
      many = many + 1
      ids[many] = slice[place]
    end
  end
  look(ids, true)
end

-- the next job of a model that may run, and its owner's tag after it; `need` more are wanted
local function pop(model, need)
  local ring = ring_of(model)
  while ring[ring.first] do
    local entry = ring[ring.first]
    local owner = owners[entry.owner]
    local line = line_at(model, ring, entry)
    local id = line.slice[line.taken + 1]
    if owner.paused or owner.busy >= user_limit then
      park(model, entry.owner)
      rescore(model, ring, nil, entry.score + boost_of(line))
      parkings = parkings + 1
    elseif not id then
      rescore(model, ring, nil)
    else
      local job = known[id]
      if not job or not job.asked then
        look_ahead(model, ring, need)
        job = known[id]
      end
      local ahead_by = job and boosted(job.seq) or boost_of(line)
      line.taken = line.taken + 1
      local chat, turn_of = job and job.chat, entry.score
      local full = chat and chat_limit < math.huge and tonumber(redis.call('HGET', K .. 'chats', chat) or '0') >= chat_limit
      local runs = job and not full
      local after = turn_of + ahead_by
      if runs then
        after = after + floor(job.cost * UNIT / job.weight)
      end
      if line_at(model, ring, entry).slice[line.taken + 1] then
        -- behind one that is not urgent there is none
        rescore(model, ring, ahead_by > 0 and after - boost_of(line) or after)
      else
        rescore(model, ring, nil, after)
      end
      if runs then
        -- an urgent job went ahead of its turn, the model's time did not
        model.v = math.max(model.v, turn_of)
        owner.busy, owner.dirty = owner.busy + 1, true
        if chat then
          redis.call('HINCRBY', K .. 'chats', chat, 1)
        end
        return job, after
      elseif full then
        hold_back(model, entry.owner, chat, id, job.seq)
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
