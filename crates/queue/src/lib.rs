//! Everything in Redis: the job protocol, its Lua scripts, leases, limits, inspection, and the run loop for workers.
//!
//! The protocol is one Lua script per verb (`lua/`), each atomic, each on the keys of one hash tag ([`keys`]).
//! [`Queue`] is the typed face of these verbs; [`run()`] runs a plain async function on claimed jobs under apalis'
//! worker runtime.
//!
//! Invariants: a job is in exactly one place (a line, the delayed, the leases, the ended); whatever a worker writes
//! is checked against the fencing token of its claim; nothing is prefetched. Deliberately absent: HTTP, Telegram,
//! pictures, and any knowledge of what a job does.

mod accounts;
mod albums;
mod answer;
mod backend;
mod bell;
mod caps;
mod control;
#[cfg(test)]
mod differential;
mod doctor;
mod erase;
mod errands;
mod error;
mod eta;
mod exchange;
mod found;
mod gather;
mod herald;
mod keeper;
pub mod keys;
mod lease;
mod ledger;
mod link;
mod list;
mod newer;
mod notes;
mod offer;
mod pace;
mod packed;
mod people;
mod prefs;
mod private;
mod published;
mod reach;
mod recipes;
mod record;
mod run;
mod scripts;
mod seats;
mod stats;
mod steer;
mod stories;
mod submit;
mod taps;
mod turns;
mod written;

pub use albums::{Album, Panel, Part};
pub use control::{Cancelling, Retrying, Standing};
pub use doctor::{Finding, Health};
pub use errands::Errand;
pub use error::{ConnectError, Fault, QueueError, Refusal, RunError};
pub use eta::{Because, Span};
pub use found::Found;
pub use gather::{Gathered, Gathering};
pub use herald::{Herald, Notice, Teller};
pub use lease::{Checkpoint, Lease, Lost, Progress};
pub use ledger::{BadEntryKind, Budget, Budgets, Entry, EntryKind, Ledger};
pub use link::{Queue, RedisUrl};
pub use list::{Filter, Listing};
pub use pace::{Pace, Spend, Urgency};
pub use private::{PrivateError, PrivateRedis, PrivateSettings};
pub use published::Rung;
pub use record::{Batch, Event, Record};
pub use run::{Claimed, Handler, Outcome, RunOptions, run};
pub use stats::{Hold, ModelStats, PausedUser, Stats, TARGET_MS, WorkerStats};
pub use steer::{BadOwner, Owner, Setting, Steering};
pub use submit::{Limits, Submission, Submitted};
