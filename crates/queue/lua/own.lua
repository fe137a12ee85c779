-- Gives a provider's prediction to a job that is over and may have begun it, unless it belongs to another job.
-- KEYS  1 prefix
-- ARGV  1 id of the job  2 the provider's name for the prediction
-- Result 1 (it is the job's) | 0 (it is another's)
-- Cost  O(1).
return take_handle(ARGV[2], ARGV[1]) and 1 or 0
