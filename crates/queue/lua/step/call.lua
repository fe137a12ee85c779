-- Of whatever claims jobs: what one call of it knows, in whichever part.
local at, worker, want -- the moment, whose call it is, how many jobs it asks for
local user_limit, chat_limit
local rates -- of lanes, by name
local freed -- jobs whose leases end
local rings, lines -- of models by name; of owners that were looked at
local due, gate, expiry, spare -- when the next job is due, lane opens, lease runs out; until when leases are spared
local turn -- of the models
local parkings, short -- owners and jobs that were passed over; whether there is more to do than one call may

local function call_of(name, jobs)
  at, worker, want = now(), name, jobs
  user_limit, chat_limit = setting('user_limit'), setting('chat_limit')
  rates, freed, rings, lines, parkings, short = {}, {}, {}, {}, 0, false
  due, gate, expiry, spare, turn = 0, 0, 0, 0, gauge('turn')
end

-- Slots that a worker has to spare stand in `offers`: a member names it, its lease and the models that it serves (none
-- for all), the score says how many are left. A submit hands jobs to it.
local function offer_of(lease, served)
  return worker .. '\31' .. lease .. '\31' .. table.concat(served, ',')
end
