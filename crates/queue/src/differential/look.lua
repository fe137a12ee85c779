-- All that the queue holds, as names and values in turn; where a waiting job stands is told alike for lines and held.
-- KEYS  1 prefix
-- ARGV  none
-- Result {name, value, …}
-- Cost  O(everything), for small worlds only.
local K = KEYS[1]
local FIELDS = {
  jobs = { 'model', 'owner', 'cost', 'seq', 'at', 'chat', 'weight', 'batch' },
  holds = {
    'state', 'fence', 'cancel', 'worker', 'claimed', 'attempt', 'tag', 'settled', 'started', 'starter', 'lost', 'due',
    'ended', 'bytes', 'class',
  },
}
local seen = {}
local function tell(name, value)
  seen[#seen + 1] = name
  seen[#seen + 1] = value
end
for _, key in ipairs(redis.call('KEYS', '*')) do
  if string.sub(key, 1, #K) == K then
    local name = string.sub(key, #K + 1)
    local kind = redis.call('TYPE', key).ok
    if name == 'jobs' or name == 'holds' then
      local values = redis.call('HGETALL', key)
      for index = 1, #values, 2 do
        local place, value = 0, string.match(values[index + 1], '^([^\30]*)')
        for field in string.gmatch(value .. '\31', '([^\31]*)\31') do
          place = place + 1
          local meaning = FIELDS[name][place]
          if field ~= '' and not (meaning == 'weight' and field == '1') then
            tell('job:' .. values[index] .. ' ' .. meaning, field)
          end
        end
        if name == 'jobs' and redis.call('HEXISTS', K .. 'holds', values[index]) == 0 then
          tell('job:' .. values[index] .. ' state', 'waiting')
        end
      end
    elseif kind == 'hash' then
      local fields = redis.call('HGETALL', key)
      for index = 1, #fields, 2 do
        local value = fields[index + 1]
        -- that an owner is parked is told by those who were passed over
        value = name == 'owners' and string.gsub(string.gsub(value, '2$', '0'), '3$', '1') or value
        tell(name .. ' ' .. fields[index], value)
      end
    elseif kind == 'zset' then
      local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
      local waits = string.match(name, '^line:') or string.match(name, '^held:[^:]*:[^:]*:')
      local tagged = string.match(name, '^tags:(.*)$')
      -- tags that lie behind the model's time say nothing, whether they were swept or not
      local time = tagged and tonumber(redis.call('HGET', K .. 'model:' .. tagged, 'v') or '0')
      for index = 1, #members, 2 do
        if not tagged or tonumber(members[index + 1]) > time then
          tell((waits and 'waits' or name) .. ' ' .. members[index], members[index + 1])
        end
      end
    elseif kind == 'list' then
      local lines = redis.call('LRANGE', key, 0, -1)
      for index, line in ipairs(lines) do
        lines[index] = string.gsub(string.match(line, '^[^\31]*\31[^\31]*\31[^\31]*') or line, '\31', ' ')
      end
      tell(name, table.concat(lines, '; '))
    elseif kind == 'string' then
      tell(name, redis.call('GET', key))
    end
  end
end
return seen
