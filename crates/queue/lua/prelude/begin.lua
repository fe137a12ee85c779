-- Put behind the rest of the prelude: what each call begins with.

local function begin(keys)
  if not redis then
    redis, string, table, math, pairs, ipairs, unpack, tonumber, next, rawset, setmetatable = globals()
    format, match, floor, byte = string.format, string.match, math.floor, string.byte
    TEXT, NUMBER = remembering(int), remembering(tonumber)
  elseif remembered > 20000 then
    TEXT, NUMBER, remembered = remembering(int), remembering(tonumber), 0
  end
  K, moment, stamp = keys[1], nil, nil
  known, changed = {}, {}
  gauges, gauged, settings = nil, nil, nil
  models, owners, counters = {}, {}, {}
  ends, joining, book.closing = {}, {}, {}
end

-- One function of the library for each verb. Its flags say what a call may do: without `allow-oom` it is refused while
-- Redis' memory is full, with `no-writes` a replica answers it, too.
local function verb(name, flags, run)
  register({ function_name = LIBRARY .. '_' .. name, flags = flags, callback = function(keys, arguments)
    begin(keys)
    return run(keys, arguments)
  end })
end
