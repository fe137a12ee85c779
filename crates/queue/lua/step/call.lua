-- Of a step: what one call of it knows, in whichever part.
local at, worker, want -- the moment, whose call it is, how many jobs it asks for
local user_limit, chat_limit
local rates -- of lanes, by name
local freed -- jobs whose leases end
local rings, lines -- of models by name; of owners that were looked at
local due, gate, expiry, spare -- when the next job is due, lane opens, lease runs out; until when leases are spared
local turn -- of the models
local parkings, short -- owners and jobs that were passed over; whether there is more to do than one call may
