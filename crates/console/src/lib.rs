//! The operator's window on the queue, and the operator's hand: numbers, lists, stories; cancel, retry, pause, drain,
//! limits, purge; and the port at which machines read the numbers.
//!
//! [`Console`] is one typed API. Every answer is a type that serialises for programs and writes itself out for people
//! ([`Answer`]); the caller prints. Invariants: what reads changes nothing; what changes names its [`Actor`], and leaves
//! an entry with it. Deliberately absent: Telegram, providers, and printing.

mod act;
mod actions;
mod actor;
mod batch;
mod error;
mod ledger;
mod limits;
mod list;
mod metrics;
mod purge;
mod show;
mod stats;
mod steer;
mod view;
mod why;
mod workers;

use atelier_domain::Catalogue;
use atelier_queue::Queue;

pub use act::{Acted, ActedOn, Action, Selection};
pub use actions::Actions;
pub use actor::{Actor, BadActor};
pub use batch::BatchShown;
pub use error::ConsoleError;
pub use ledger::{BudgetsShown, LedgerShown, MoneyChange};
pub use limits::{LimitChange, LimitsNow, LimitsShown};
pub use list::{Listed, Wish};
pub use metrics::serve;
pub use purge::Purged;
pub use show::Shown;
pub use stats::Numbers;
pub use steer::{Drained, Reopened, Steered};
pub use view::{Answer, Timings, View, now_ms, seconds};
pub use why::{Attempt, BatchLine, Cost, Story, Told};
pub use workers::{WorkerNow, Workers};

/// The operator's window and hand.
#[derive(Debug, Clone)]
pub struct Console {
    queue: Queue,
    catalogue: Catalogue,
}

impl Console {
    /// A console on this queue; the catalogue knows prices, and how long models take that were not measured yet.
    pub fn new(queue: Queue, catalogue: Catalogue) -> Self {
        Self { queue, catalogue }
    }
}
