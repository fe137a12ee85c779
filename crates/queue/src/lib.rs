//! Everything in Redis: the job protocol, its Lua scripts, leases, limits, inspection, and the run loop for workers.
