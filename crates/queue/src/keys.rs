//! The names of all keys. The scripts build theirs from [`PREFIX`]; this is the list of what they build.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `job:<id>` | hash | state, model, bot, user, cost, seq, fence, attempt, times, checkpoints, failure |
//! | `body:<id>` | string | the job as JSON, versioned |
//! | `trail:<id>` | list | what happened to the job, the last 200 events |
//! | `line:<model>` | sorted set | waiting jobs of a model by number of submission |
//! | `lanes` | sorted set | models with a waiting job, by the number of their first |
//! | `delayed` | sorted set | jobs that wait for a moment, by due time in milliseconds |
//! | `leases` | sorted set | active jobs by expiry in milliseconds |
//! | `ended`, `dead` | sorted set | finished jobs by time: done or cancelled, and dead |
//! | `fence` | string | the last fencing token: max(previous + 1, milliseconds · 1024) |
//! | `seq` | string | the last number of submission |
//! | `gauge` | hash | waiting jobs in all, the last sign of life, until when leases are spared |
//! | `running`, `typical` | hash | per model: active jobs, smoothed milliseconds from claim to done |
//! | `pending` | hash | per `bot:user`: jobs that have not ended |
//! | `user:<bot>:<user>` | sorted set | the user's last 200 jobs by time |
//! | `seen:<bot>:<update>` | string | the job ids of an update, for 48 hours |
//! | `handle:<sha1>` | string | the job that owns a provider's prediction, for 2 hours |
//! | `alive`, `workers`, `slots` | sorted set, hashes | living workers: until when, about them, their slots |
//! | `pace:…`, `park:…` | string | the budget of a bot and of each chat; flood waits |
//! | `wake` | list | one entry wakes one idle worker |
//! | `totals` | hash | counters since the beginning |

/// Version of the key layout: a build with another layout must not touch these keys.
pub const LAYOUT: u32 = 1;

/// Prefix of all keys of the first shard. The braces are the hash tag: all keys live in one slot of a Redis Cluster.
pub const PREFIX: &str = "{atelier:0}:v1:";

/// The key of that name.
pub(crate) fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}
