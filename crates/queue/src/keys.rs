//! The names of all keys. The scripts build theirs from [`PREFIX`]; this is the list of what they build.
//!
//! A job is in exactly one place: a line, a chat's held, the delayed, the leases, or the ended. An owner is `bot:user`.
//! Tags count thousandths of predicted milliseconds, divided by the owner's weight.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `jobs` | hash | per job what was asked: model, owner, cost, seq, at, chat, weight, batch, and the job as JSON, versioned |
//! | `holds` | hash | per job how it stands: state, fence, cancel, worker, times, attempt, tag, failure class; none waits and was never claimed |
//! | `job:<id>` | hash | what was written on the way: the slot, checkpoints and their times, detail of a failure |
//! | `trail:<id>` | list | what happened to the job, the last 200 events |
//! | `line:<model>:<owner>` | sorted set | an owner's waiting jobs of a model by number of submission, urgent ones 2^52 lower |
//! | `ring:<model>` | sorted set | owners that wait for the model and may run, by the start tag of their next job |
//! | `tags:<model>` | sorted set | finish tags of owners that do not wait, while ahead of the model's time |
//! | `parked:<owner>`, `parked` | sets | models in whose rings an owner is missing, being paused or at its limit; those owners |
//! | `held:<chat>:<model>:<owner>` | sorted set | waiting jobs that met their chat at its limit, by number of submission |
//! | `held:<chat>`, `held` | sorted set, set | those of the chat, by when they were looked at; those chats |
//! | `roomy` | sorted set | chats that have room, since when, of which more is held back than one step lets in |
//! | `lanes` | sorted set | models with a job that may be claimed now, by the tag of their turn |
//! | `gates` | sorted set | models whose provider's account refuses more, by the moment when that ends; they carry it as `gate` until a step looks |
//! | `model:<model>` | hash | virtual time `v`, finish `tag` of its turns, running, waiting, work, typical, spread, limit, gate, paused, lane, `arrivals` (when, thousandths of messages, of jobs) |
//! | `models` | set | all models seen |
//! | `owners` | hash | per owner: jobs not ended, jobs in flight; 1 when paused, 2 when parked, 3 when both |
//! | `pauses` | hash | per paused owner: when, by whom, why |
//! | `chats` | hash | per group chat: jobs in flight |
//! | `rate:<lane>` | hash | a provider's account that refused jobs: milliseconds a job, closed until |
//! | `delayed` | sorted set | jobs that wait for a moment, by due time in milliseconds |
//! | `leases` | sorted set | active jobs by expiry in milliseconds |
//! | `ended`, `dead` | sorted set | finished jobs by time: done or cancelled, and dead |
//! | `batch:<id>` | hash | the jobs of one message, by its first: owner, ids, how many, when the last ended |
//! | `batches` | hash | how many jobs of a batch have not ended, while there are any |
//! | `notices` | sorted set | what a chat must be told by any worker, by the moment when it may be taken |
//! | `gauge` | hash | waiting jobs, bytes kept, the lanes' turn, until when leases are spared; `fence`: the last fencing token, max(previous + 1, milliseconds · 1024) |
//! | `settings` | hash | limits, retention, pause and closing of the whole queue |
//! | `actions` | list | what operators did, the last thousand |
//! | `user:<owner>` | list | the owner's last 200 jobs, newest first |
//! | `seen:<bot>:<update / 32>` | hash | per update: its job ids; expires 48 hours after the last one |
//! | `handle:<sha1>` | string | the job that owns a provider's prediction, for 2 hours |
//! | `alive`, `workers` | sorted set, hash | living workers: until when; slots, models, about |
//! | `offers` | sorted set | slots that workers have to spare: a member is a worker, its lease in milliseconds and the models it serves, for submits to hand jobs to |
//! | `capacity` | hash | living slots: per model named by a worker, `*` for those that serve all, and in all |
//! | `pace:…`, `pace:…:m` | string, list | the budget of a bot and of each chat, for sends and (`:e`) edits; a group's last minute |
//! | `park:<bot>[:<chat>][/<kind>]`, `floods:<bot>/<kind>` | string, list | until when nothing (of a kind of calls) is done in a chat or by a bot; the last flood waits |
//! | `album:<batch>`, `…:shown` | hash, string | the messages that the jobs of a message share, `~<who><until>` while somebody waits to post one, `?<who><until>` while it is sent, `!` when nobody will say what became of it; shown a moment ago |
//! | `prefs:<bot>:<chat>` | hash | what a chat has chosen |
//! | `daily:<bot>:<chat>:<day>` | hash | pictures that each person asked for in a group that limits them, for 2 days |
//! | `gather:<bot>:<chat>:<album>`, `gathers` | hash, set | the messages of an album that comes in, by update; those albums |
//! | `story:<id>`, `story:<bot>:<chat>:<message>`, `stories:<owner>` | string, string, set | a story that has not been drawn; which one a message shows; those of a user |
//! | `people:<bot>` | set | the private chats that a bot can write to |
//! | `tap:<owner>:<data>` | string | the update of a button just pressed |
//! | `recipe:<id>`, `recipes:<owner>` | string, set | a shared request; those that a user shared |
//! | `note:<id>:<name>` | string | what a worker decided about a job and the next must know, for 2 days |
//! | `places:<account>` | sorted set | jobs with a place at an account that has a cap, by when they lose it |
//! | `breaker:<account>` | hash | an account that stumbled: how often in a row, until when it rests, until when one tries |
//! | `seat:<name>` | string | the process that alone does something, while it says that it lives |
//! | `mark:<name>` | string | something that one process does for all, for a while |
//! | `wake`, `wake:<model>`, `news` | list | one entry wakes one idle worker |
//! | `hand:<worker>` | channel | jobs that a submit claimed for the worker |
//! | `cancel` | channel | ids of running jobs to be stopped |
//! | `rung` | channel | predictions that have ended, as their provider says |
//! | `libraries` | sorted set | the libraries of functions that builds loaded into the server, by when |
//! | `probe` | string | gone after a second: written to see whether the server takes writes |
//! | `written:<id>` | string | what a text job wrote, as JSON, for 30 days |
//! | `purses` | hash | per paid job that has not ended: owner, chat, day, micros put aside, of these granted, charged |
//! | `spent:<day>` | hash | micros put aside or charged on a day (UTC): `all`, `u:<owner>`, `c:<chat>`; expires after 8 days |
//! | `ledger:<owner>`, `opening` | list, hash | an owner's last 2,000 entries; the sums of older ones per owner and kind; `forgotten` has those of users who had everything deleted |
//! | `charged`, `granted` | hash | per owner: micros charged ever; granted and not used |
//! | `grants` | hash | references of grants, so that none counts twice |
//! | `charge:<sha1>` | string | a creation that was charged for, for 8 days |
//! | `budgets` | hash | micros of a day: `all`, `user`, `chat`, `u:<owner>` |
//! | `totals` | hash | counters since the beginning; `accepted` is also the last number of submission |

/// Version of the key layout: a build with another layout must not touch these keys.
pub const LAYOUT: u32 = 3;

/// Prefix of all keys of the first shard. The braces are the hash tag: all keys live in one slot of a Redis Cluster.
pub const PREFIX: &str = "{atelier:0}:v3:";

/// A key of the same slot that is never written, the second key of every call: a cluster that moves our slot from node
/// to node, key by key, answers TRYAGAIN to a call with one key that is nowhere and another, and so never runs a script
/// on the half of the keys that one of the nodes has. Its name may end in the moment after which the call is not to run.
pub(crate) const NEVER: &str = "{atelier:0}:never";

/// The key of that name.
pub(crate) fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}
