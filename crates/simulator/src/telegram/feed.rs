//! The stream of events for browsers and tests, with a memory for those who reconnect.
//!
//! Invariant: event numbers rise over restarts too (they start from the time), so a browser that returns with an
//! old number either gets exactly what it missed or is told to load everything anew.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

/// How many events a returning reader can catch up on.
const REMEMBERED: usize = 2048;

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    pub(crate) name: &'static str,
    pub(crate) data: Value,
}

#[derive(Debug)]
struct Past {
    next: i64,
    events: VecDeque<Event>,
}

/// Keeps and hands out events.
#[derive(Debug)]
pub(crate) struct Feed {
    past: Mutex<Past>,
    live: broadcast::Sender<Event>,
}

/// A subscription: what was missed, then the live stream.
pub(crate) struct Subscription {
    /// `None` when the reader must load everything anew.
    pub(crate) missed: Option<Vec<Event>>,
    pub(crate) live: broadcast::Receiver<Event>,
    /// The number of the last event before the live ones.
    pub(crate) last: i64,
}

impl Feed {
    /// An empty feed whose numbers start at `first`.
    pub(crate) fn new(first: i64) -> Self {
        let past = Mutex::new(Past { next: first, events: VecDeque::with_capacity(REMEMBERED) });
        Self { past, live: broadcast::Sender::new(REMEMBERED) }
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes an event.
    pub(crate) fn publish(&self, name: &'static str, data: Value) {
        let mut past = self.past();
        let event = Event { seq: past.next, name, data };
        past.next += 1;
        if past.events.len() == REMEMBERED {
            past.events.pop_front();
        }
        past.events.push_back(event.clone());
        // nobody listening is fine
        let _ = self.live.send(event);
    }

    /// Subscribes from after `last`, or from now.
    pub(crate) fn subscribe(&self, last: Option<i64>) -> Subscription {
        let past = self.past();
        let newest = past.next - 1;
        let oldest = past.events.front().map_or(past.next, |event| event.seq);
        let missed = match last {
            None => Some(Vec::new()),
            Some(last) if last + 1 < oldest || last > newest => None,
            Some(last) => Some(past.events.iter().filter(|event| event.seq > last).cloned().collect()),
        };
        Subscription { missed, live: self.live.subscribe(), last: newest }
    }
}
