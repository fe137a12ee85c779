//! The operator's window on the queue: the numbers, lists, one job's record, one job's story.
//!
//! Every verb gives the same facts twice, as text for people and as JSON for programs; the caller prints. Invariant: it
//! reads the queue and changes nothing. Deliberately absent: Telegram, providers, and printing.

mod list;
mod show;
mod stats;
mod view;
mod why;

pub use list::{Wish, list};
pub use show::show;
pub use stats::stats;
pub use view::{ConsoleError, Timings, View, now_ms, seconds};
pub use why::why;
