//! What the intake has seen, for metrics and the health port.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A handle on the intake's counters. Clones share them; give one to [`pump`](super::pump) and keep one.
#[derive(Debug, Clone, Default)]
pub struct Observer(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    handled: AtomicU64,
    ignored: AtomicU64,
    unreadable: AtomicU64,
    panicked: AtomicU64,
    held: AtomicU64,
    failed_polls: AtomicU64,
    conflicts: AtomicU64,
    holding: AtomicBool,
    rivalled: AtomicBool,
    last_poll: Mutex<Option<Instant>>,
}

/// The counters at one moment. All count from the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Updates that the handler accepted.
    pub handled: u64,
    /// Updates with nothing for us.
    pub ignored: u64,
    /// Updates that could not be read and were stepped over.
    pub unreadable: u64,
    /// Updates whose handler panicked and that were stepped over.
    pub panicked: u64,
    /// How often the handler held an update back.
    pub held: u64,
    /// Polls that failed, conflicts apart.
    pub failed_polls: u64,
    /// Polls refused because of another poller or a webhook.
    pub conflicts: u64,
    /// Whether the handler holds updates back now.
    pub holding: bool,
    /// Whether another poller or a webhook stands in the way now.
    pub rivalled: bool,
    /// Time since the last poll that worked; `None` before the first. Healthy is less than the poll timeout and a bit.
    pub since_poll: Option<Duration>,
}

/// One thing to count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Polled,
    PollFailed,
    Conflict,
    Handled,
    Ignored,
    Unreadable,
    Panicked,
    Held,
}

impl Observer {
    /// Counters at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let counts = &self.0;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Snapshot {
            handled: read(&counts.handled),
            ignored: read(&counts.ignored),
            unreadable: read(&counts.unreadable),
            panicked: read(&counts.panicked),
            held: read(&counts.held),
            failed_polls: read(&counts.failed_polls),
            conflicts: read(&counts.conflicts),
            holding: counts.holding.load(Ordering::Relaxed),
            rivalled: counts.rivalled.load(Ordering::Relaxed),
            since_poll: counts.last_poll.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed()),
        }
    }

    pub(super) fn count(&self, event: Event) {
        let counts = &self.0;
        let count = match event {
            Event::Polled => {
                *counts.last_poll.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                counts.rivalled.store(false, Ordering::Relaxed);
                return;
            }
            Event::PollFailed => &counts.failed_polls,
            Event::Conflict => {
                counts.rivalled.store(true, Ordering::Relaxed);
                &counts.conflicts
            }
            Event::Handled => {
                counts.holding.store(false, Ordering::Relaxed);
                &counts.handled
            }
            Event::Held => {
                counts.holding.store(true, Ordering::Relaxed);
                &counts.held
            }
            Event::Ignored => &counts.ignored,
            Event::Unreadable => &counts.unreadable,
            Event::Panicked => &counts.panicked,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
