-- A chat was told what it had to be told.
-- KEYS  1 prefix
-- ARGV  1 `job:<id>`, `batch:<id>`, `album:<id>`, `ready:<id>`, `failed:<id>`, `stray:<id>`,
--       `file:<id>:<update>` or `files:<id>:<update>`
-- Result 1 | 0 (somebody else said so already)
-- Cost  O(log n).
return redis.call('ZREM', K .. 'notices', ARGV[1])
