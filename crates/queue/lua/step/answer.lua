-- Of a step: what chats must be told, and when there is something to do again.

local notices = {}
local notice = first('notices')
if notice <= at and tonumber(ARGV[6]) > 0 then
  notices = redis.call('ZRANGEBYSCORE', K .. 'notices', '-inf', int(at), 'LIMIT', 0, ARGV[6])
  for _, what in ipairs(notices) do
    -- whoever does not confirm in time is taken for dead, and another tells
    redis.call('ZADD', K .. 'notices', int(at + 30000), what)
  end
  notice = first('notices')
end

local soonest = math.min(due, gate, expiry, tonumber(ARGV[6]) > 0 and notice or math.huge)
if short and #jobs < want then
  soonest = at
end
return { soonest < math.huge and math.max(0, math.ceil(soonest - at)) or -1, answers, notices, unpack(jobs) }
